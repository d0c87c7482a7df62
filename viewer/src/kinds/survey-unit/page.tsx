import { use, type ReactNode } from "react";
import type { ExampleView, Overview, SurveyLayerPage as Layer, SurveyPage, UnitDetail } from "../../generated/document";
import { useSpeech, type Key } from "../../i18n";
import { size } from "../network/layers";
import { MethodForm } from "../../parts/method-form";
import { Boxed } from "../survey/boxed";
import { Histogram } from "./histogram";
import { Crop, Image } from "../../parts/picture";
import { Choose } from "../../parts/take";
import { Explain, Facts, MadeBy, Bars, Missing } from "../../parts/words";
import { href } from "../../core/routes";
import { isLive, type Source } from "../../core/source";
import { useExamples } from "../survey/examples";
import { boxOf, placeOf } from "../survey/units";
import { useArrows } from "../../parts/arrows";
import { ZEILER } from "../survey/paper";
import { Evidence } from "../health/evidence";

// What fills a bar at least.
const SIGMA = 1;
const LOGIT = 1;

type Shown = { overview: Overview; source: Source; survey: SurveyPage; layer: Layer; page: string; unit: number };

export default function SurveyUnitPage({ overview, source, survey, layer, page, unit }: Shown) {
  const details = use(source.page("survey_units", `${page}-${Math.floor(unit / survey.block)}`));
  const detail = details.units.find((one) => one.unit === unit);
  return detail ? <Unit overview={overview} survey={survey} layer={layer} unit={detail} edges={details.edges} /> : <Missing name={`${layer.name} · ${unit}`} />;
}

function Unit({ overview, survey, layer, unit, edges }: { overview: Overview; survey: SurveyPage; layer: Layer; unit: UnitDetail; edges: number[] }) {
  const { t, maybe, number, percent, integer } = useSpeech();
  const words = { unit: String(unit.unit), layer: layer.name };
  const to = (other: number) => (other >= 0 && other < layer.units ? href({ page: "survey-unit", survey: survey.id, layer: layer.name, unit: other }) : undefined);
  const examples = useExamples(survey, layer, unit.scale ? [] : [unit.unit]);
  const [before, after] = [to(unit.unit - 1), to(unit.unit + 1)];
  useArrows(before, after);
  const maybeNumber = (n: number | null) => (n === null ? "–" : number(n));
  const facts: [string, ReactNode][] = [
    [t("survey.maximum"), maybeNumber(unit.maximum)],
    [t("survey.mean"), unit.deviation === null ? maybeNumber(unit.mean) : t("survey.mean.value", { mean: maybeNumber(unit.mean), deviation: number(unit.deviation) })],
    [t("survey.minimum"), maybeNumber(unit.minimum)],
    [t("survey.share.images"), unit.share_images === null ? "–" : percent(unit.share_images)],
    [t("survey.share.active"), unit.share_active === null ? "–" : percent(unit.share_active)],
  ];
  if (unit.broken) facts.push([t("survey.broken"), integer(unit.broken)]);
  return (
    <>
      <nav className="crumbs">
        <a href={href({ page: "survey-layer", survey: survey.id, layer: layer.name })}>← {t("nav.back", { name: layer.name })}</a>
        <span>
          {before ? <a href={before}>‹ {t("nav.previous")}</a> : <span className="quiet">‹ {t("nav.previous")}</span>}
          {after ? <a href={after}>{t("nav.next")} ›</a> : <span className="quiet">{t("nav.next")} ›</span>}
        </span>
      </nav>
      <header className="page-head tight">
        <h1>
          {layer.name} · {t("units.unit", words)}
        </h1>
        <p className="lead">
          {[layer.kind, layer.receptive_field ? t("units.field", { size: size(layer.receptive_field) }) : "", survey.dataset].filter(Boolean).join(" · ")}
          {layer.record && unit.scale && (
            <>
              {" · "}
              <MadeBy made={overview.records[layer.record]} />{" "}
              <Choose inline one={{ name: `${layer.name} ${unit.unit}`, record: layer.record, part: unit.unit }} />
            </>
          )}
        </p>
        <Explain text="survey.unit.explain" paper={ZEILER} />
      </header>
      {unit.findings.length > 0 && (
        <ul className="unit-findings stack close over">
          {unit.findings.map((found) => (
            <li key={found.fault}>
              <strong className="badge">{t(`fault.${found.fault}` as Key)}</strong> <Evidence found={found} survey={survey.id} />{" "}
              <a href={href({ page: "health", survey: survey.id })}>{t("survey.health")}</a>
            </li>
          ))}
        </ul>
      )}
      <div className="survey-unit split aside">
        <section>
          <h2>{t("survey.strongest", { n: unit.examples.length })}</h2>
          <ol className="survey-examples tiles broadest">
            {unit.examples.map((example, rank) => (
              <One key={rank} overview={overview} survey={survey} layer={layer} unit={unit.unit} example={example} rank={rank} />
            ))}
          </ol>
          <p className="caption">
            {unit.scale
              ? `${t("survey.triple.caption", { rule: maybe(`choice.rule.${layer.rule}`, layer.rule ?? "") })} ${t("unit.projection.scale", { high: number(unit.scale.high) })}`
              : examples ?? t("survey.triple.none", { command: `deepro survey … --gallery ${layer.name} --all-units` })}
          </p>
        </section>
        <aside className="survey-unit-side stack loose">
          <Facts items={facts} rows />
          <section>
            <h2>{t("survey.histogram")}</h2>
            <Histogram counts={unit.histogram} first={unit.first} edges={edges} />
          </section>
          {unit.classes.length > 0 && (
            <section>
              <h2>{t("survey.prefers")}</h2>
              <Bars
                items={unit.classes.filter((c) => c.above > 0).map((c) => ({ label: `${c.name} (${integer(c.images)})`, value: c.above, quiet: c.above < c.noise }))}
                text={(above) => t("survey.above", { n: number(above) })}
                least={SIGMA}
              />
              <p className="caption">{t("survey.prefers.caption")}</p>
            </section>
          )}
          {unit.feeds.some((fed) => fed.logit > 0) && (
            <section>
              <h2>{t("survey.feeds")}</h2>
              <Bars items={unit.feeds.filter((fed) => fed.logit > 0).map((fed) => ({ label: fed.name, value: fed.logit }))} text={(logit) => `+${number(logit)}`} least={LOGIT} />
              <p className="caption">{t("survey.feeds.caption")}</p>
            </section>
          )}
        </aside>
      </div>
      {unit.partners.length > 0 && (
        <section>
          <h2>{t("survey.together")}</h2>
          <ul className="partners tiles narrow">
            {unit.partners.map((partner) => {
              const at = placeOf(layer, partner.unit);
              return (
                <li key={partner.unit}>
                  <a className="plain small" href={to(partner.unit)}>
                    {at && <Crop picture={at.block.patches} window={at.window} alt="" />}
                    <span>
                      <strong>{partner.unit}</strong> <span className="quiet">r = {number(partner.correlation)}</span>
                    </span>
                  </a>
                </li>
              );
            })}
          </ul>
          <p className="caption">{t("survey.together.caption")}</p>
        </section>
      )}
      <Made overview={overview} survey={survey} name={`${layer.name}#${unit.unit}`} command={unit.imagine} />
      {isLive && (
        <details className="more screen-only">
          <summary>{t("form.title")}</summary>
          <MethodForm about={{ layer: layer.name, unit: unit.unit }} />
        </details>
      )}
    </>
  );
}

/** Patch, projection and photograph of one example. */
function One({ overview, survey, layer, unit, example, rank }: { overview: Overview; survey: SurveyPage; layer: Layer; unit: number; example: ExampleView; rank: number }) {
  const { t, number } = useSpeech();
  const at = example.photo === null ? undefined : placeOf(layer, unit, rank);
  const photo = example.photo === null ? undefined : survey.photos[example.photo];
  const words = { unit: String(unit), layer: layer.name, name: example.id };
  const explained = photo && overview.photographs.find((card) => card.network === survey.network && card.sha256 === photo.sha256);
  const name = example.id.split("/").at(-1) ?? example.id;
  return (
    <li>
      {at && photo && (
        <span className="unit-tiles">
          <Crop picture={at.block.patches} window={at.window} alt={t("units.patch.alt", words)} />
          <Crop picture={at.block.projections} window={at.window} alt={t("units.projection.alt", words)} />
          <Boxed survey={survey} photo={photo} box={boxOf(example)} alt={t("survey.box.alt", words)} />
        </span>
      )}
      <span className="unit-text">
        <strong>{number(example.value)}</strong>
        <span className="quiet one-line" title={example.id}>
          {explained ? <a href={href({ page: "image", image: explained.id })}>{name}</a> : name}
        </span>
      </span>
    </li>
  );
}

/** The picture made for the unit, where the workspace has one; else the command that makes it. */
function Made({ overview, survey, name, command }: { overview: Overview; survey: SurveyPage; name: string; command: string | null }) {
  const { t } = useSpeech();
  const found = overview.patterns
    .filter((set) => set.network === survey.network)
    .flatMap((set) => set.images.map((image, target) => ({ set, image, target })))
    .filter(({ image }) => image.target === name);
  if (!found.length && !command) return null;
  return (
    <section className="made">
      <h2>{t("survey.made")}</h2>
      {found.length > 0 ? (
        <ul className="tiles narrow">
          {found.map(({ set, image, target }) => (
            <li key={`${set.record}/${target}`}>
              <a className="card plain" href={href({ page: "patterns", record: set.record, target })}>
                <span className="card-picture as-square cover shaded">
                  <Image picture={image.picture} alt={t("patterns.alt", { target: image.target })} />
                </span>
              </a>
              <p className="caption">{t("patterns.caption", { target: image.target })}</p>
            </li>
          ))}
        </ul>
      ) : (
        <>
          <p className="caption">{t("survey.made.command")}</p>
          <pre>
            <code>{command}</code>
          </pre>
        </>
      )}
    </section>
  );
}
