import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useDeferredValue, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { Overview, SurveyLayerPage as Layer, SurveyPage } from "../../generated/document";
import { useSpeech, type Key } from "../../i18n";
import { size } from "../network/layers";
import { useExamples } from "../survey/examples";
import { Boxed } from "../survey/boxed";
import { Crop } from "../../parts/picture";
import { usePrinting } from "../../parts/printing";
import { Choose } from "../../parts/take";
import { Explain, MadeBy } from "../../parts/words";
import { href, type Route } from "../../core/routes";
import { arrangeUnits, column, faultsOf, parseOrder, peak, placeOf, SORTS, strongest, writeOrder, type SortBy } from "../survey/units";
import { ZEILER } from "../survey/paper";

type Shown = { overview: Overview; survey: SurveyPage; layer: Layer; route: Extract<Route, { page: "survey-layer" }> };

export default function SurveyLayerPage({ overview, survey, layer, route }: Shown) {
  const { t, maybe } = useSpeech();
  const [text, setText] = useState(route.find ?? "");
  const find = useDeferredValue(text);
  const show = route.show ?? "";
  const order = parseOrder(route.sort);
  const units = useMemo(() => arrangeUnits(layer, survey.classes, find, show, parseOrder(route.sort)), [layer, survey, find, show, route.sort]);
  const at = (changed: { find?: string; show?: string; sort?: string | undefined }) => {
    const next = { find: text, show, sort: route.sort, ...changed };
    return href({
      page: "survey-layer",
      survey: survey.id,
      layer: layer.name,
      ...(next.find ? { find: next.find } : {}),
      ...(next.show ? { show: next.show } : {}),
      ...(next.sort ? { sort: next.sort } : {}),
    });
  };
  const go = (changed: Parameters<typeof at>[0]) => {
    window.location.hash = at(changed);
  };
  const [bare, setBare] = useState<number[]>([]);
  const making = useExamples(survey, layer, bare);
  const place = survey.layers.findIndex((row) => row.name === layer.name);
  const beside = (step: number) => survey.layers[place + step];
  const examples = survey.layers[place]?.examples ?? 0;
  const labelled = survey.classes.length > 0;
  return (
    <>
      <nav className="crumbs">
        <a href={href({ page: "survey", survey: survey.id })}>← {t("survey.all")}</a>
        <span>
          {[-1, 1].map((step) => {
            const row = beside(step);
            const words = step < 0 ? `‹ ${t("nav.previous")}` : `${t("nav.next")} ›`;
            return row ? (
              <a key={step} href={href({ page: "survey-layer", survey: survey.id, layer: row.name })} title={row.name}>
                {words}
              </a>
            ) : (
              <span key={step} className="quiet">
                {words}
              </span>
            );
          })}
        </span>
      </nav>
      <header className="page-head tight">
        <h1>{layer.name}</h1>
        <p className="lead">
          {[layer.kind, layer.receptive_field ? t("units.field", { size: size(layer.receptive_field) }) : "", t("units.n", { n: layer.units })]
            .filter(Boolean)
            .join(" · ")}
          {layer.record && (
            <>
              {" · "}
              <MadeBy made={overview.records[layer.record]} />
            </>
          )}
        </p>
        <Explain text="survey.layer.explain" paper={ZEILER} />
      </header>
      <div className="survey-tools row over">
        <input
          type="search"
          value={text}
          placeholder={t(labelled ? "survey.find.hint" : "survey.find.number")}
          aria-label={t("survey.find")}
          onChange={(event) => {
            setText(event.target.value);
            window.history.replaceState(null, "", at({ find: event.target.value }));
          }}
        />
        <label className="inline">
          {t("survey.show")}
          <select value={show} onChange={(event) => go({ show: event.target.value })}>
            <option value="">{t("survey.show.all")}</option>
            <option value="examples">{t("survey.show.examples")}</option>
            <option value="faults">{t("survey.show.faults")}</option>
            {Object.keys(layer.faults).map((fault) => (
              <option key={fault} value={fault}>
                {t(`fault.${fault}` as Key)}
              </option>
            ))}
          </select>
        </label>
        <label className="inline">
          {t("survey.sort")}
          <select value={order.by} onChange={(event) => go({ sort: writeOrder({ by: event.target.value as SortBy, down: !["unit", "class"].includes(event.target.value) }) })}>
            {SORTS.filter((by) => by !== "class" || labelled).map((by) => (
              <option key={by} value={by}>
                {t(`survey.sort.${by}`)}
              </option>
            ))}
          </select>
        </label>
        <button type="button" className="square" onClick={() => go({ sort: writeOrder({ by: order.by, down: !order.down }) })} aria-label={t(order.down ? "survey.down" : "survey.up")} title={t(order.down ? "survey.down" : "survey.up")}>
          <span aria-hidden="true">{order.down ? "↓" : "↑"}</span>
        </button>
        <span className="quiet" aria-live="polite">
          {t("survey.shown", { n: units.length, total: layer.units })}
        </span>
      </div>
      {making}
      <p className="caption below">
        {layer.blocks.length
          ? t("survey.legend", { n: layer.examples, rule: maybe(`choice.rule.${layer.rule}`, layer.rule ?? "") })
          : making === undefined && t("survey.legend.none", { command: `deepro survey … --gallery ${layer.name}` })}{" "}
        {layer.blocks.length > 0 && examples < layer.units && making === undefined && t("survey.legend.some", { n: examples, total: layer.units, command: `deepro survey … --gallery ${layer.name} --all-units` })}
      </p>
      {units.length === 0 ? <p className="quiet">{t("survey.nothing")}</p> : <Grid survey={survey} layer={layer} units={units} seen={setBare} />}
    </>
  );
}

const GAP = 22;
const CELL = 384; // pixels a unit takes at least: three squares

/** Only the rows in sight are in the page, so that ten thousand units scroll like ten. */
function Grid({ survey, layer, units, seen }: { survey: SurveyPage; layer: Layer; units: number[]; seen: (bare: number[]) => void }) {
  const box = useRef<HTMLDivElement>(null);
  const [[top, width], setPlace] = useState<[number, number]>([0, 1200]);
  useLayoutEffect(() => {
    const measure = () => {
      const at = box.current?.getBoundingClientRect();
      if (at) setPlace([at.top + window.scrollY, at.width]);
    };
    measure();
    const watcher = new ResizeObserver(measure);
    if (box.current) watcher.observe(box.current);
    return () => watcher.disconnect();
  }, []);
  const printing = usePrinting();
  const columns = Math.max(1, Math.floor((width + GAP) / (CELL + GAP)));
  const side = ((width - (columns - 1) * GAP) / columns - 8) / 3;
  const height = Math.round((layer.blocks.length ? side : 0) + 26 + GAP);
  const rows = Math.ceil(units.length / columns);
  const virtual = useWindowVirtualizer({ count: rows, estimateSize: () => height, overscan: 4, scrollMargin: top });
  useLayoutEffect(() => virtual.measure(), [virtual, height]);
  const bare = virtual.getVirtualItems().flatMap((row) => units.slice(row.index * columns, (row.index + 1) * columns).filter((unit) => !placeOf(layer, unit)));
  const key = bare.join();
  useEffect(() => seen(key === "" ? [] : key.split(",").map(Number)), [seen, key]);
  return (
    <div ref={box} className="unit-grid" style={{ height: rows * height }}>
      {(printing ? Array.from({ length: rows }, (_, index) => ({ index, key: index, start: virtual.options.scrollMargin + index * height })) : virtual.getVirtualItems()).map((row) => (
        <div
          key={row.key}
          className="unit-row"
          style={{ transform: `translateY(${row.start - virtual.options.scrollMargin}px)`, height, gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}
        >
          {units.slice(row.index * columns, (row.index + 1) * columns).map((unit) => (
            <Cell key={unit} survey={survey} layer={layer} unit={unit} />
          ))}
        </div>
      ))}
    </div>
  );
}

function Cell({ survey, layer, unit }: { survey: SurveyPage; layer: Layer; unit: number }) {
  const { t, number, percent } = useSpeech();
  const at = placeOf(layer, unit);
  const where = strongest(survey, layer, unit);
  const prefers = survey.classes[column(layer, "prefers")[unit] ?? -1];
  const words = { unit: String(unit), layer: layer.name };
  const faults = faultsOf(layer, unit);
  const maximum = column(layer, "maximum")[unit] ?? 0;
  return (
    <div>
    <a className="unit-cell plain" href={href({ page: "survey-unit", survey: survey.id, layer: layer.name, unit })}>
      {layer.blocks.length > 0 && (
        <span className="unit-tiles">
          {at ? (
            <>
              <Crop picture={at.block.projections} window={at.window} alt={t("units.projection.alt", words)} />
              <Crop picture={at.block.patches} window={at.window} alt={t("survey.patches.alt", words)} />
            </>
          ) : (
            <>
              <span className="crop empty" />
              <span className="crop empty" />
            </>
          )}
          {where ? <Boxed survey={survey} photo={where.photo} box={where.box} alt={t("survey.box.alt", { ...words, name: where.photo.id })} /> : <span className="crop empty" />}
        </span>
      )}
      <span className="unit-text">
        <strong>{unit}</strong>
        <span title={t("survey.peak", { n: number(peak(layer, unit)) })}>{maximum > 0 ? number(maximum) : t("survey.silent")}</span>
        <span className="quiet">{t("survey.active", { share: percent(column(layer, "share_active")[unit] ?? 0) })}</span>
        {prefers && <span className="quiet prefers one-line">{prefers}</span>}
        {faults.map((fault) => (
          <span key={fault} className="badge">
            {t(`fault.${fault}` as Key)}
          </span>
        ))}
      </span>
    </a>
    {at && layer.record && <Choose one={{ name: `${layer.name} ${unit}`, record: layer.record, part: unit }} />}
    </div>
  );
}
