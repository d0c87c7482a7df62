import { memo, Suspense, useState, type CSSProperties } from "react";
import type { LayerUnits, Overview, PhotographPage, Unit } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { explanations, SideBySide, type Explanation } from "../../parts/heatmaps";
import { Crop, Frame, Image, Whole } from "../../parts/picture";
import { Stage } from "./stage";
import { useArrows } from "../../parts/arrows";
import { useMaking } from "../../parts/jobs";
import { Choose } from "../../parts/take";
import { Truth } from "./truth";
import { Bars, Explain, MadeBy } from "../../parts/words";
import { href } from "../../core/routes";
import { weigh } from "./evidence";
import { partOf } from "../../core/selection";
import { isLive } from "../../core/source";
import { later } from "../../core/piece";
import { field, fidelity, layerGroups, otherRules, span, unitRoute } from "./units";

const Doing = later("doing", () => import("./doing"));

export default function ImagePage({ overview, photograph, region }: { overview: Overview; photograph: PhotographPage; region: number }) {
  const { t } = useSpeech();
  const all = explanations(photograph);
  const shown = all[region] ?? all[0];
  const cards = overview.photographs;
  const place = cards.findIndex((card) => card.id === photograph.id);
  const beside = (step: number) => {
    const card = place < 0 ? undefined : cards[place + step];
    return card && href({ page: "image", image: card.id });
  };
  useArrows(beside(-1), beside(1));
  const made = photograph.prediction_record ? photograph.records[photograph.prediction_record] : undefined;
  return (
    <>
      <header className="image-head">
        <div className="page-head">
          <h1>
            {photograph.prediction[0] ? (
              <a className="plain" href={href({ page: "class", label: photograph.prediction[0].label })}>
                {photograph.prediction[0].label}
              </a>
            ) : (
              photograph.name
            )}
          </h1>
          <p className="lead">
            {photograph.name} · {t("image.size", { width: photograph.width, height: photograph.height })}{" "}
            <Choose inline one={{ name: photograph.name, photograph: photograph.id }} />
          </p>
          {photograph.truth && photograph.prediction[0] && <Truth truth={photograph.truth} read={photograph.prediction[0].label} />}
        </div>
        <Filmstrip overview={overview} current={photograph.id} />
      </header>
      <div className="image-top split" style={{ "--ratio": photograph.width / photograph.height } as CSSProperties}>
        <Stage photograph={photograph} heatmap={shown?.heatmap} region={shown?.region} />
        <div className="stack loose">
          {photograph.prediction.length > 0 && (
            <section className="first-bold">
              <div className="row-head">
                <h2>{t("image.prediction")}</h2>
                <MadeBy made={made} image={photograph.id} />
              </div>
              <Bars items={photograph.prediction.map((g) => ({ label: g.label, value: g.probability, to: href({ page: "class", label: g.label }) }))} />
              <Explain text="prediction.explain" />
            </section>
          )}
          {shown && <Evidence photograph={photograph} all={all} shown={shown} />}
        </div>
      </div>
      {isLive && (
        <Suspense>
          <Doing photograph={photograph} />
        </Suspense>
      )}
      <SideBySide photograph={photograph} />
      <Units photograph={photograph} />
    </>
  );
}

function Filmstrip({ overview, current }: { overview: Overview; current: string }) {
  const { t } = useSpeech();
  if (overview.photographs.length < 2) return null;
  return (
    <nav className="filmstrip" aria-label={t("photographs")}>
      {overview.photographs.map((card) => (
        <a key={card.id} href={href({ page: "image", image: card.id })} aria-current={card.id === current ? "page" : undefined} title={card.name}>
          <Image picture={card.thumb} alt={card.name} eager />
        </a>
      ))}
    </nav>
  );
}

function Evidence({ photograph, all, shown }: { photograph: PhotographPage; all: Explanation[]; shown: Explanation }) {
  const speech = useSpeech();
  const { t, maybe, number } = speech;
  const { heatmap, region } = shown;
  const made = photograph.records[shown.record];
  const { unit, compared, rows } = weigh(region?.evidence ?? heatmap.evidence, speech);
  const named = (e: Explanation) => {
    const method = photograph.records[e.record]?.method ?? e.heatmap.method;
    return `${maybe(`method.${method}`, method)} · ${e.heatmap.target}`;
  };
  return (
    <section>
      <div className="row-head">
        <h2>{t(region ? "image.region" : "image.heat")}</h2>
        <MadeBy made={made} image={photograph.id} />
        <Choose inline one={partOf(photograph, shown.record, named(shown))} />
      </div>
      {all.length > 1 && (
        <ul className="choices row" aria-label={t("image.explanation")}>
          {all.map((e, i) => (
            <li key={e.record}>
              <a href={href({ page: "image", image: photograph.id, region: i })} aria-current={e.record === shown.record ? "true" : undefined}>
                {named(e)}
              </a>
            </li>
          ))}
        </ul>
      )}
      <p className="caption">
        {t("region.caption", { target: heatmap.target })}{" "}
        {t(heatmap.scale.kind === "diverging" ? "heat.scale.diverging" : "heat.scale.sequential", {
          high: number(heatmap.scale.high),
          unit: maybe(`heat.unit.${heatmap.method}`, t("heat.unit")),
        })}
      </p>
      {region && region.box === null && <p className="note">{t("image.noregion")}</p>}
      {region?.failed && <p className="note">{t("region.failed")}</p>}
      {compared.length > 1 && (
        <div className="compared below">
          <p className="caption">{t(unit === "probability" ? "evidence.question" : "evidence.question.score", { target: heatmap.target })}</p>
          <Bars items={compared} {...(unit === "probability" ? {} : { text: number })} />
          {heatmap.view.left !== photograph.view.left || heatmap.view.top !== photograph.view.top ? (
            <p className="caption">{t("region.squeezed")}</p>
          ) : null}
        </div>
      )}
      {rows.length > 0 && (
        <dl className="evidence facts listed">
          {rows.map(([term, value]) => (
            <div key={term}>
              <dt>{term}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
      <Explain text={region ? "region.explain" : "heat.explain"} paper={made?.paper} />
    </section>
  );
}

type Pointed = { layer: LayerUnits; unit: Unit };

function Units({ photograph }: { photograph: PhotographPage }) {
  const speech = useSpeech();
  const { t } = speech;
  const [pointed, setPointed] = useState<Pointed | null>(null);
  const making = useMaking((job) => job.request.image === photograph.id && job.request.method === "deconvnet");
  if (photograph.layers.length === 0)
    return (
      <section>
        <h2>{t("units")}</h2>
        <p className="quiet">{making ? t("job.making", { what: t("units") }) : t("image.nounits")}</p>
      </section>
    );
  const made = photograph.records[photograph.layers[0]?.record ?? ""];
  const groups = layerGroups(photograph).reverse(); // what stands nearest to the answer comes first
  return (
    <section className="units">
      <div className="units-head">
        <div className="row-head">
          <h2>{t("units")}</h2>
          <MadeBy made={made} image={photograph.id} />
        </div>
        <Explain text="units.explain" paper={made?.paper}>
          {t("units.legend.map")} {t("units.legend.projection")} {t("units.legend.patch")}
        </Explain>
      </div>
      <aside className="units-side stack stay">
        <figure>
          <Frame width={photograph.seen.width} height={photograph.seen.height} window={pointed?.unit.window ?? null}>
            {pointed ? <Image picture={photograph.seen} alt={t("image.seen.alt", { name: photograph.name })} eager /> : <span className="unseen" style={{ aspectRatio: photograph.seen.width / photograph.seen.height }} />}
          </Frame>
          <figcaption className="small quiet" aria-live="polite">{pointed ? <PointedAt pointed={pointed} /> : t("units.hint")}</figcaption>
        </figure>
        <nav aria-label={t("units.layers")} className="layer-list stack close">
          {groups.map(([layer], i) => layer && (
            <button
              key={i}
              type="button"
              className="bare ends"
              onClick={() => {
                const section = document.getElementById(`layer-${i}`);
                section?.scrollIntoView({ block: "start" });
                section?.focus({ preventScroll: true });
              }}
            >
              <span className={pointed?.layer === layer ? "one-line current" : "one-line"}>{layer.layer}</span>
              <span className="quiet">{field(layer, photograph, speech, true)}</span>
            </button>
          ))}
        </nav>
      </aside>
      <div className="units-main stack loose">
        {groups.map((variants, i) => (
          <LayerSection key={i} id={`layer-${i}`} photograph={photograph} variants={variants} point={setPointed} />
        ))}
      </div>
    </section>
  );
}

function PointedAt({ pointed: { layer, unit } }: { pointed: Pointed }) {
  const { t, number } = useSpeech();
  return (
    <>
      <strong>
        {layer.layer} · {t("units.unit", { unit: String(unit.unit) })}
      </strong>
      <br />
      {t("activation")} {number(unit.activation)}, {t("units.sees", span(unit.window))}
    </>
  );
}

const LayerSection = memo(function LayerSection(props: {
  id: string;
  photograph: PhotographPage;
  variants: LayerUnits[];
  point: (pointed: Pointed) => void;
}) {
  const { id, photograph, variants, point } = props;
  const speech = useSpeech();
  const { t, maybe, number } = speech;
  const [layer] = variants;
  if (!layer) return null;
  // A unit that sees the whole picture has no patch of its own.
  const whole = layer.units.every(({ window: w }) => w.right - w.left >= photograph.seen.width && w.bottom - w.top >= photograph.seen.height);
  const rule = (l: LayerUnits) => maybe(`choice.rule.${l.rule}`, l.rule);
  const facts = [layer.kind, layer.map_size.join(" × "), field(layer, photograph, speech)].filter(Boolean);
  return (
    <section className="layer" id={id} tabIndex={-1}>
      <h3 className="row">
        <span className="mono">{layer.layer}</span>
        <span className="quiet small">{facts.join(" · ")}</span>
      </h3>
      <details className="explain fidelity">
        <summary>{t("units.count", { n: layer.units.length })}</summary>
        <p>
          {rule(layer)}: {fidelity(layer.fidelity, speech)}
          <br />
          {t("units.order", { what: [t("activation"), ...variants.map(rule), ...(whole ? [] : [t("unit.patch")])].join(" · ") })}
        </p>
      </details>
      <ul className="triples" style={{ "--tiles": variants.length + (whole ? 1 : 2) } as CSSProperties}>
        {layer.units.map((unit) => {
          const words = { unit: String(unit.unit), layer: layer.layer };
          const shown = [{ layer, unit }, ...otherRules(variants, layer, unit.unit)];
          return (
            <li key={unit.unit}>
              <a
                className="triple plain"
                href={href(unitRoute(photograph, layer, unit))}
                onPointerEnter={() => point({ layer, unit })}
                onFocus={() => point({ layer, unit })}
              >
                <span className="unit-tiles">
                  <Whole picture={unit.map} alt={t("units.map.alt", words)} />
                  {shown.map((one) => (
                    <Crop
                      key={one.layer.rule}
                      picture={one.unit.projection}
                      window={one.unit.window}
                      alt={`${t("units.projection.alt", words)} (${rule(one.layer)})`}
                    />
                  ))}
                  {!whole && <Crop picture={photograph.seen} window={unit.window} alt={t("units.patch.alt", { ...words, name: photograph.name })} />}
                </span>
                <span className="unit-text columns">
                  <span>
                    <strong>{unit.unit}</strong> <span className="quiet">{number(unit.activation)}</span>
                  </span>
                  {shown.map((one) => (
                    <span key={one.layer.rule} className="quiet">
                      ±{number(one.unit.projection_scale.high)}
                    </span>
                  ))}
                  {!whole && <span className="quiet">{t("image.size", span(unit.window))}</span>}
                </span>
              </a>
              <Choose one={partOf(photograph, layer.record, `${layer.layer} ${unit.unit}`, unit.unit)} />
            </li>
          );
        })}
      </ul>
    </section>
  );
});

