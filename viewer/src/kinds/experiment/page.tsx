import type {
  AblationView,
  ComparisonView,
  CorrespondenceView,
  EvolutionView,
  Experiment,
  InvarianceView,
  OcclusionView,
  Overview,
  Picture,
} from "../../generated/document";
import type { CSSProperties, ReactNode } from "react";
import { useSpeech, type Key, type Speech } from "../../i18n";
import { Lines } from "./lines";
import { Crop, Image } from "../../parts/picture";
import { Bars, Explain, Facts, MadeBy } from "../../parts/words";
import { href } from "../../core/routes";
import { ZEILER } from "../survey/page";

export function ExperimentPage({ overview, experiment }: { overview: Overview; experiment: Experiment }) {
  const { t } = useSpeech();
  const card = overview.experiments.find((one) => one.id === experiment.id);
  const network = overview.networks.find((n) => n.fingerprint === experiment.network);
  const { occlusion, correspondence, invariance, evolution, ablation, comparison } = experiment;
  const surveys = overview.surveys.filter((s) => s.network === experiment.network);
  return (
    <>
      <nav className="crumbs">
        {surveys[0] ? (
          <a href={href({ page: "survey", survey: surveys[0].id })}>← {t("survey.all")}</a>
        ) : (
          <a href={href({ page: "overview" })}>← {t("nav.overview")}</a>
        )}
      </nav>
      <header className="page-head tight">
        <h1>{t(`experiment.${experiment.kind}` as Key)}</h1>
        <p className="lead">
          {[network?.name, experiment.kind === "comparison" ? "" : card?.about].filter(Boolean).join(" · ")} · <MadeBy made={overview.records[experiment.record]} />
        </p>
        <Explain text={`experiment.${experiment.kind}.explain` as Key} paper={["ablation", "comparison"].includes(experiment.kind) ? null : ZEILER} />
      </header>
      {occlusion && <Occlusion view={occlusion} />}
      {correspondence && <Correspondence view={correspondence} />}
      {invariance && <Invariance view={invariance} />}
      {evolution && <Evolution view={evolution} />}
      {ablation && <Ablation view={ablation} link={surveys[0]?.id} />}
      {comparison && <Comparison view={comparison} />}
    </>
  );
}

function Map({ picture, alt, title, children }: { picture: Picture; alt: string; title: string; children: ReactNode }) {
  return (
    <figure className="captioned map-figure">
      <Image picture={picture} alt={alt} eager />
      <figcaption>
        <strong>{title}</strong> {children}
      </figcaption>
    </figure>
  );
}

function Occlusion({ view }: { view: OcclusionView }) {
  const { t, number, percent } = useSpeech();
  const ramp = (low: string, high: string) => (
    <span className="ramp">
      <span>{low}</span>
      <span className="ramp-bar" aria-hidden="true" />
      <span>{high}</span>
    </span>
  );
  return (
    <>
      <p className="caption below">{t("occlusion.square", { width: view.square[0] ?? 0, height: view.square[1] ?? 0, step: view.step })}</p>
      <div className="occlusion">
        {view.picture && (
          <Map picture={view.picture} alt={t("occlusion.picture")} title={t("occlusion.picture")}>
            {t("unit.patch.scale")}
          </Map>
        )}
        <Map picture={view.response} alt={t("occlusion.response.alt", { unit: String(view.unit), layer: view.layer })} title={`${view.layer} · ${t("units.unit", { unit: String(view.unit) })}`}>
          {t("occlusion.response", { plain: number(view.plain_response), low: number(view.lowest_response) })} {ramp(number(Math.min(0, view.lowest_response)), number(view.response_scale.high))}
        </Map>
        <Map picture={view.probability} alt={t("occlusion.probability.alt", { target: view.target })} title={view.target}>
          {t("occlusion.probability", { plain: percent(view.plain_probability), low: percent(view.lowest_probability) })} {ramp("0%", "100%")}
        </Map>
        <Map picture={view.predicted} alt={t("occlusion.predicted.alt")} title={t("occlusion.predicted")}>
          {t("occlusion.predicted.plain", { label: view.plain_predicted })}
          <ul className="class-colours">
            {view.classes.map((one) => (
              <li key={one.name + one.colour}>
                <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
                  <rect width="12" height="12" rx="2" fill={one.colour} />
                </svg>
                {one.name || t("occlusion.others")} <span className="quiet">{percent(one.share)}</span>
              </li>
            ))}
          </ul>
        </Map>
      </div>
    </>
  );
}

function Correspondence({ view }: { view: CorrespondenceView }) {
  const { t, number, integer } = useSpeech();
  const layers = [...new Set(view.rows.map((row) => row.layer))];
  const most = Math.max(...view.rows.map((row) => row.mean + row.error), 1e-9);
  return (
    <section>
      {layers.map((layer) => (
        <figure key={layer} className="correspondence">
          <figcaption className="layer-name">{layer}</figcaption>
          <ul>
            {view.parts.map((part) => {
              const row = view.rows.find((one) => one.layer === layer && one.part === part);
              if (!row) return null;
              const control = part === view.control;
              return (
                <li key={part} className={control ? "dim" : undefined}>
                  <span className="part">{control ? t("correspondence.control") : part}</span>
                  <span className="bar" aria-hidden="true">
                    <span style={{ width: `${(100 * row.mean) / most}%` }} />
                    <span className="error" style={{ left: `${(100 * (row.mean - row.error)) / most}%`, width: `${(200 * row.error) / most}%` }} />
                  </span>
                  <span className="number">
                    {number(row.mean)} ± {number(row.error)}
                  </span>
                  <span className="quiet">{t("correspondence.pairs", { n: integer(row.pairs) })}</span>
                </li>
              );
            })}
          </ul>
        </figure>
      ))}
      <p className="caption">{t("correspondence.caption")}</p>
    </section>
  );
}

function Invariance({ view }: { view: InvarianceView }) {
  const { t, number, percent } = useSpeech();
  return (
    <>
      {view.curves.map((curves) => {
        const step = (n: number) => t(`invariance.${curves.transform}.step` as Key, { n: number(n) });
        const layers = Object.entries(curves.distances);
        const top = Math.max(...layers.flatMap(([, line]) => line.each.flat().map((v) => v ?? 0)), 1e-9);
        return (
          <section key={curves.transform}>
            <h2>{t(`invariance.${curves.transform}` as Key)}</h2>
            <div className="curves">
              {layers.map(([layer, line]) => (
                <figure key={layer}>
                  <figcaption>
                    <span className="layer-name">{layer}</span> <span className="quiet">{t("invariance.distance")}</span>
                  </figcaption>
                  <Lines steps={curves.steps} line={line} top={top} alt={t("invariance.distance.alt", { layer })} step={step} value={number} />
                </figure>
              ))}
              <figure>
                <figcaption>
                  <strong>{t("invariance.probability")}</strong>
                </figcaption>
                <Lines steps={curves.steps} line={curves.probability} top={1} alt={t("invariance.probability")} step={step} value={percent} />
              </figure>
            </div>
          </section>
        );
      })}
      <p className="caption">{t(view.images > 1 ? "invariance.caption" : "invariance.caption.one", { n: view.images })}</p>
    </>
  );
}

function Evolution({ view }: { view: EvolutionView }) {
  const { t, number, maybe } = useSpeech();
  const count = view.checkpoints.length;
  return (
    <section className="evolution" style={{ "--checkpoints": count } as CSSProperties}>
      {view.strips.map((strip) => (
        <figure key={strip.unit}>
          <h2>
            {view.layer} · {t("units.unit", { unit: String(strip.unit) })}
          </h2>
          <ol className="evolution-strip">
            {view.checkpoints.map((name, i) => {
              const window = { left: i * view.side, top: 0, right: (i + 1) * view.side, bottom: view.side };
              return (
                <li key={name} className={strip.jumps[i] ? "jump" : undefined}>
                  <span className="checkpoint">{name}</span>
                  <Crop picture={strip.patches} window={window} alt={t("evolution.patch.alt", { name, unit: String(strip.unit) })} />
                  <Crop picture={strip.projections} window={window} alt={t("evolution.projection.alt", { name, unit: String(strip.unit) })} />
                  <span className="number">{strip.values[i] === null || strip.values[i] === undefined ? "–" : number(strip.values[i] ?? 0)}</span>
                  <span className="quiet file" title={strip.ids[i]}>
                    {strip.ids[i]?.split("/").at(-1)}
                  </span>
                </li>
              );
            })}
          </ol>
          <figcaption className="caption">{t("unit.projection.scale", { high: number(strip.scale.high) })}</figcaption>
        </figure>
      ))}
      <p className="caption">{t("evolution.caption", { n: count, rule: maybe(`choice.rule.${view.rule}`, view.rule) })}</p>
    </section>
  );
}

const silenced = (units: { [layer: string]: number[] }) =>
  Object.entries(units)
    .map(([layer, numbers]) => `${layer}#${numbers.slice(0, 6).join(",")}${numbers.length > 6 ? "…" : ""}`)
    .join(" · ");

function Ablation({ view, link }: { view: AblationView; link: string | undefined }) {
  const { t, number, percent, integer } = useSpeech();
  const facts: [string, ReactNode][] = [
    [t("ablation.accuracy"), percent(view.accuracy)],
    [t("ablation.loss"), number(view.loss)],
    [t("survey.images"), integer(view.images)],
    [t("ablation.fill"), t(view.fill === "mean" ? "choice.fill.mean" : "choice.fill.zero")],
  ];
  const most = Math.max(...view.rows.map((row) => Math.abs(row.loss - view.loss)), 1e-9);
  return (
    <>
      <Facts items={facts} />
      <section className="layers">
        <table>
          <thead>
            <tr>
              <th scope="col">{t("ablation.units")}</th>
              <th scope="col" className="shape">{t("ablation.accuracy.lost")}</th>
              <th scope="col" className="shape">{t("ablation.changed")}</th>
              <th scope="col" className="gained" colSpan={2}>{t("ablation.loss.gained")}</th>
            </tr>
          </thead>
          <tbody>
            {view.rows.slice(0, 400).map((row, i) => {
              const gained = row.loss - view.loss;
              const only = Object.entries(row.units);
              const [layer, units] = only.length === 1 ? (only[0] ?? []) : [];
              const one = layer !== undefined && units?.length === 1 ? units[0] : undefined;
              return (
                <tr key={i} style={{ height: 28 }}>
                  <th scope="row" className="name">
                    {link && layer !== undefined && one !== undefined ? <a href={href({ page: "survey-unit", survey: link, layer, unit: one })}>{silenced(row.units)}</a> : silenced(row.units)}
                  </th>
                  <td className="shape">{signedPercent(view.accuracy - row.accuracy, percent)}</td>
                  <td className="shape">{percent(row.changed)}</td>
                  <td className="shape">{number(gained)}</td>
                  <td className="cost">
                    <span className={gained < 0 ? "cost-bar less" : "cost-bar"} style={{ width: `${(100 * Math.abs(gained)) / most}%` }} />
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
        <p className="caption below">{t("ablation.caption")}</p>
      </section>
    </>
  );
}

const signedPercent = (n: number, percent: Speech["percent"]) => (n < 0 ? `−${percent(-n)}` : percent(n));

function Comparison({ view }: { view: ComparisonView }) {
  const { t, number, percent, integer } = useSpeech();
  const maybe = (n: number | null) => (n === null ? "–" : number(n));
  return (
    <>
      <section className="layers">
        <table>
          <thead>
            <tr>
              <th scope="col">{t("layer")}</th>
              <th scope="col" className="shape">{t("units")}</th>
              <th scope="col" className="shape">{t("comparison.weights")}</th>
              <th scope="col" className="shape">{t("comparison.shift")}</th>
              <th scope="col" className="shape">{t("comparison.examples")}</th>
            </tr>
          </thead>
          <tbody>
            {view.layers.map((row) => (
              <tr key={row.name} style={{ height: 28 }}>
                <th scope="row" className="name">{row.name}</th>
                <td className="shape">{integer(row.units)}</td>
                <td className="shape">{maybe(row.weights)}</td>
                <td className="shape">{maybe(row.shift)}</td>
                <td className="shape">{percent(row.examples)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        <p className="caption below">{t("comparison.caption")}</p>
      </section>
      {view.classes.length > 0 && (
        <section className="narrow">
          <h2>{t("comparison.classes", { layer: view.classes_layer ?? "" })}</h2>
          <Bars items={view.classes.slice(0, 12).map((one) => ({ label: one.name, value: one.distance }))} text={(n) => t("survey.above", { n: number(n) })} />
        </section>
      )}
      {view.layers.map((row, i) => (
        <details key={row.name} className="changed" open={i === view.layers.length - 1}>
          <summary>{t("comparison.most", { layer: row.name })}</summary>
          <div className="layers">
            <table>
              <thead>
                <tr>
                  <th scope="col">{t("unit")}</th>
                  <th scope="col" className="shape">{t("comparison.weights")}</th>
                  <th scope="col" className="shape">{t("comparison.shift")}</th>
                  <th scope="col" className="shape">{t("comparison.examples")}</th>
                  <th scope="col">{t("comparison.preferred")}</th>
                </tr>
              </thead>
              <tbody>
                {row.most.map((one) => (
                  <tr key={one.unit} style={{ height: 26 }}>
                    <th scope="row">{one.unit}</th>
                    <td className="shape">{maybe(one.weights)}</td>
                    <td className="shape">{maybe(one.shift)}</td>
                    <td className="shape">{percent(one.examples)}</td>
                    <td>{one.before === one.after ? one.before : `${one.before ?? "–"} → ${one.after ?? "–"}`}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </details>
      ))}
    </>
  );
}
