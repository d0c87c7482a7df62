// A training along its steps. What stands at one step follows the slider; the curves show where that is.
import { memo, use, useDeferredValue, useEffect, useMemo, useState, type CSSProperties } from "react";
import { href } from "../../core/routes";
import type { Source } from "../../core/source";
import { extent, inflate, unpack } from "../../core/values";
import type { AlarmView, Overview, Picture, TrainingLayer, TrainingPage as Page, UnitStrip, Values } from "../../generated/document";
import { CLASSES, NO_CLASS } from "../../generated/tables";
import { useSpeech, type Key } from "../../i18n";
import { Lines, type Curve } from "../../parts/lines";
import { Crop } from "../../parts/picture";
import { ScaleLine } from "../../parts/scale";
import { Bars, Explain, MadeBy } from "../../parts/words";

type Shown = { overview: Overview; source: Source; page: Page; other?: Page; route: { beside?: string | undefined; layer?: string | undefined } };

export default function TrainingView({ overview, source, page, other, route }: Shown) {
  const { t, number, integer } = useSpeech();
  const steps = unpack(page.steps);
  const last = steps.length - 1;
  // At the end it stays at the end while steps come.
  const [chosen, setChosen] = useState<number | null>(null);
  const at = Math.min(chosen ?? last, last);
  const go = (to: number) => setChosen(to >= last ? null : Math.max(0, to));
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      if (event.target instanceof Element && event.target.closest("input, select, textarea")) return;
      const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      go(to);
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  });
  const drawn = useDeferredValue(at); // the slider does not wait for the curves
  const step = steps[drawn] ?? 0;
  const runs = overview.trainings.filter((card) => card.id !== page.id);
  const frame = page.frames.reduce((best, one, i) => (Math.abs(one - at) < Math.abs((page.frames[best] ?? 0) - at) ? i : best), 0);
  return (
    <>
      <nav className="crumbs">
        <a href={href({ page: "overview" })}>← {t("nav.overview")}</a>
      </nav>
      <header className="page-head tight">
        <h1>{page.run}</h1>
        <p className="lead">
          {overview.networks.find((one) => one.fingerprint === page.network)?.name} · {t("training.lead", { n: steps.length, last: steps[last] ?? 0 })} · <MadeBy made={page.records[page.record]} />
        </p>
        <Explain text="training.explain" />
      </header>
      <Alarms alarms={page.alarms} steps={steps} go={go} />
      <div className="scrub">
        <label htmlFor="training-step">{t("training.step")}</label>
        <input id="training-step" type="range" min={0} max={last} value={at} onChange={(event) => go(Number(event.target.value))} aria-valuetext={integer(steps[at] ?? 0)} />
        <output htmlFor="training-step" className="number">
          {integer(steps[at] ?? 0)} <span className="quiet">· {t("training.seconds", { n: number(unpack(page.seconds)[at] ?? 0) })}</span>
        </output>
      </div>
      {runs.length > 0 && (
        <p className="small">
          <label>
            {t("training.beside")}{" "}
            <select
              value={other?.id ?? ""}
              onChange={(event) => {
                window.location.hash = href({ page: "training", training: page.id, beside: event.target.value || undefined, layer: route.layer });
              }}
            >
              <option value="">–</option>
              {runs.map((card) => (
                <option key={card.id} value={card.id}>
                  {card.run}
                </option>
              ))}
            </select>
          </label>
          {other && <span className="quiet"> {t("training.beside.drawn", { run: other.run })}</span>}
        </p>
      )}
      <Told page={page} other={other} step={step} />
      <Units source={source} page={page} at={at} asked={route.layer} beside={other?.id} />
      {page.strips.length > 0 && (
        <section>
          <h2>{t("training.film")}</h2>
          <div className="tiles broadest">
            {page.strips.map((strip) => (
              <Film key={`${strip.layer}#${strip.unit}`} strip={strip} frames={page.frames.length} now={frame} value={unpack(strip.values)[at] ?? NaN} />
            ))}
          </div>
          <p className="caption">{t("training.film.caption", { n: page.frames.length })}</p>
        </section>
      )}
      <Layers page={page} other={other} step={step} />
      {page.filters && (
        <section>
          <h2>{t("training.filters", { layer: page.first })}</h2>
          <Row picture={page.filters} rows={page.frames.length} row={frame} alt={t("training.filters", { layer: page.first })} />
          <p className="caption">{t("training.filters.caption", { step: integer(steps[page.frames[frame] ?? 0] ?? 0) })}</p>
        </section>
      )}
      <Pinned page={page} at={at} frame={frame} />
      <Doubted page={page} />
    </>
  );
}

function Alarms({ alarms, steps, go }: { alarms: readonly AlarmView[]; steps: ArrayLike<number>; go: (to: number) => void }) {
  const { t, maybe, said, number, integer } = useSpeech();
  if (alarms.length === 0) return <p className="over">{t("training.alarms.none")}</p>;
  return (
    <section>
      <h2>{t("training.alarms.n", { n: alarms.length })}</h2>
      <ul className="alarms tiles broad">
        {alarms.map((alarm, i) => (
          <li key={i} className="edged stack close small">
            <strong>{maybe(`alarm.${alarm.fault}`, alarm.fault)}</strong>
            <span>
              {alarm.place && <span className="mono">{alarm.place} · </span>}
              {said(alarm.figure)}: <span className="number">{alarm.value === null ? "–" : number(alarm.value)}</span>{" "}
              <span className="quiet">{t("training.alarm.limit", { limit: number(alarm.threshold) })}</span>
            </span>
            <span>
              <button type="button" className="link" onClick={() => go(Math.max(0, Array.from(steps).findIndex((s) => s >= alarm.step)))}>
                {t("training.alarm.step", { step: integer(alarm.step) })}
              </button>
            </span>
            <span className="quiet">{said(alarm.advice)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

type Drawn = Omit<Curve, "steps"> & { values: ArrayLike<number>; steps: Values };

/** Curves that may have steps of their own, on one scale; the mark is the step that is looked at. */
const Chart = memo(function Chart({ title, curves, mark, names }: { title: string; curves: Drawn[]; mark: number; names?: [string, string][] }) {
  const { number, integer } = useSpeech();
  const ends = curves.map(({ values }) => extent(Array.from(values).filter(Number.isFinite)));
  const [low, top] = [Math.min(0, ...ends.map(([from]) => from)), Math.max(...ends.map(([, to]) => to))];
  const all = curves.map(({ steps }) => extent(unpack(steps)));
  const range = [Math.min(...all.map(([from]) => from)), Math.max(...all.map(([, to]) => to))];
  return (
    <figure>
      <figcaption className="small">
        <strong>{title}</strong>{" "}
        {names?.map(([name, colour]) => (
          <span key={name} className="legend">
            <span className="swatch" style={{ background: colour }} aria-hidden="true" />
            {name}
          </span>
        ))}
      </figcaption>
      <Lines steps={range} curves={curves.map(({ steps, ...look }) => ({ ...look, steps: unpack(steps) }))} low={low} top={top} mark={mark} alt={title} step={integer} value={number} />
    </figure>
  );
});

function Told({ page, other, step }: { page: Page; other?: Page | undefined; step: number }) {
  const { t, maybe } = useSpeech();
  const names = [...new Set(page.told.map(({ name }) => name.replace(/^probe /, "")))];
  const curves = useMemo(
    () =>
      names.map((name) => ({
        name,
        curves: [page, other].flatMap((run, which) =>
          [name, `probe ${name}`].flatMap((one, i) => {
            const found = run?.told.find((curve) => curve.name === one);
            return found ? [{ steps: found.x, values: unpack(found.y), className: which ? "beside-run" : "", style: { stroke: CLASSES[i] ?? NO_CLASS, strokeWidth: i ? 2 : 1 } }] : [];
          }),
        ),
      })),
    [page, other],
  );
  if (names.length === 0) return null;
  return (
    <section>
      <h2>{t("training.told")}</h2>
      <div className="tiles broadest fit">
        {curves.map(({ name, curves: drawn }) => (
          <Chart key={name} title={maybe(`training.told.${name}`, name)} curves={drawn} mark={step} names={[[t("training.told.loop"), CLASSES[0] ?? ""], [t("training.told.probe"), CLASSES[1] ?? ""]]} />
        ))}
      </div>
    </section>
  );
}

/** Layers from the first (light) to the last (dark). */
const shade = (i: number, n: number) => `color-mix(in oklab, var(--accent) ${Math.round(25 + (75 * (i + 1)) / n)}%, var(--line))`;

function Layers({ page, other, step }: { page: Page; other?: Page | undefined; step: number }) {
  const { t } = useSpeech();
  const count = page.layers.length;
  const charts = useMemo(
    () =>
      page.measures.map((measure) => ({
        name: measure.name,
        curves: [page, other].flatMap((run, which) => {
          const found = run?.measures.find(({ name }) => name === measure.name);
          if (!run || !found) return [];
          const values = unpack(found.values);
          const layers = run.layers.length;
          return run.layers.map((_, i) => ({ steps: run.steps, values: Array.from({ length: values.length / layers }, (_, k) => values[k * layers + i] ?? NaN), className: which ? "beside-run" : "", style: { stroke: shade(i, layers) } }));
        }),
      })),
    [page, other],
  );
  return (
    <section>
      <h2>{t("training.layers")}</h2>
      <p className="small">
        {page.layers.map((layer, i) => (
          <span key={layer} className="legend">
            <span className="swatch" style={{ background: shade(i, count) }} aria-hidden="true" />
            <span className="mono">{layer}</span>
          </span>
        ))}
      </p>
      <div className="tiles broad fit">
        {charts.map(({ name, curves }) => (
          <Chart key={name} title={t(`training.measure.${name}` as Key)} curves={curves} mark={step} />
        ))}
      </div>
    </section>
  );
}

function Units({ source, page, at, asked, beside }: { source: Source; page: Page; at: number; asked: string | undefined; beside: string | undefined }) {
  const { t } = useSpeech();
  const layer = asked !== undefined && page.layers.includes(asked) ? asked : page.layers[0];
  if (layer === undefined || !page.sheet) return null;
  return (
    <section>
      <div className="row-head">
        <h2>{t("training.units")}</h2>
        <label className="inline">
          {t("training.layer")}{" "}
          <select
            value={layer}
            onChange={(event) => {
              window.location.hash = href({ page: "training", training: page.id, layer: event.target.value, beside });
            }}
          >
            {page.layers.map((name, i) => (
              <option key={name} value={name}>
                {name} ({page.units[i]})
              </option>
            ))}
          </select>
        </label>
      </div>
      <Now page={page} sheet={page.sheet} data={use(source.page("training_layer", `${page.id}-${page.layers.indexOf(layer)}`))} units={page.units[page.layers.indexOf(layer)] ?? 0} at={at} />
      <p className="caption">{t("training.units.caption")}</p>
    </section>
  );
}

const MOST = 256; // units at once

function Now({ page, sheet, data, units, at }: { page: Page; sheet: Picture; data: TrainingLayer; units: number; at: number }) {
  const { t, percent } = useSpeech();
  const [found, setFound] = useState<{ data: TrainingLayer; best: ArrayLike<number>; strength: ArrayLike<number> } | null>(null);
  useEffect(() => {
    let current = true;
    void Promise.all([inflate(data.best), inflate(data.strength)]).then(([best, strength]) => current && setFound({ data, best, strength }));
    return () => void (current = false);
  }, [data]);
  const { side, across } = page;
  return (
    <ul className="units-now tiles">
      {Array.from({ length: Math.min(units, MOST) }, (_, unit) => {
        const best = found?.best[at * units + unit] ?? 0;
        const strength = found?.strength[at * units + unit] ?? 0;
        const before = at > 0 ? found?.best[(at - 1) * units + unit] : best;
        const [left, top] = [(best % across) * side, Math.floor(best / across) * side];
        return (
          <li key={unit} className={strength === 0 ? "unlit" : before !== best ? "moved" : ""} title={t("training.unit.title", { unit: String(unit), name: page.names[best] ?? "", share: percent(strength / 255) })}>
            <Crop picture={sheet} window={{ left, top, right: left + side, bottom: top + side }} alt="" />
            <span className="quiet number">{unit}</span>
          </li>
        );
      })}
    </ul>
  );
}

const Film = memo(function Film({ strip, frames, now, value }: { strip: UnitStrip; frames: number; now: number; value: number }) {
  const { t, number } = useSpeech();
  return (
    <figure>
      <figcaption className="small">
        <span className="mono">{strip.layer}</span> · <strong>{strip.unit}</strong> <span className="quiet number">{number(value)}</span>
      </figcaption>
      <span className="film">
        <img src={strip.picture.source} width={strip.picture.width} height={strip.picture.height} alt={t("training.film.alt", { unit: String(strip.unit), layer: strip.layer })} loading="lazy" decoding="async" />
        <span className="film-gaps" style={{ "--frames": frames } as CSSProperties} />
        <span className="frame-now" style={{ left: `${(100 * now) / frames}%`, width: `${100 / frames}%` }} />
      </span>
    </figure>
  );
});

/** One row of a picture of equal rows. */
function Row({ picture, rows, row, alt }: { picture: Picture; rows: number; row: number; alt: string }) {
  const high = picture.height / rows;
  const most = Math.max(1, Math.floor(picture.width / high));
  return (
    <ul className="units-now tiles">
      {Array.from({ length: most }, (_, i) => (
        <li key={i}>
          <Crop picture={picture} window={{ left: i * high, top: row * high, right: (i + 1) * high, bottom: (row + 1) * high }} alt={i ? "" : alt} />
        </li>
      ))}
    </ul>
  );
}

function Pinned({ page, at, frame }: { page: Page; at: number; frame: number }) {
  const { t } = useSpeech();
  const { side, across, pinned, sheet } = page;
  if (page.shares.length === 0) return null;
  const [left, top] = [(pinned % across) * side, Math.floor(pinned / across) * side];
  return (
    <section>
      <h2>{t("training.pinned", { name: page.names[pinned] ?? "" })}</h2>
      <div className="pinned-heat">
        {sheet && <Crop picture={sheet} window={{ left, top, right: left + side, bottom: top + side }} alt={page.names[pinned] ?? ""} />}
        {page.heatmaps && (
          <Crop picture={page.heatmaps} window={{ left: frame * side, top: 0, right: (frame + 1) * side, bottom: side }} alt={t("training.pinned.heat")} />
        )}
        <Bars items={page.shares.map(({ label, values }) => ({ label, value: unpack(values)[at] ?? 0 }))} />
      </div>
      <p className="caption">{t("training.pinned.caption", { label: page.labels[pinned] || "–" })}</p>
      {page.heatmaps && <ScaleLine scale={{ kind: "diverging", high: page.heat, percentile: 99.5, shared: true }} />}
    </section>
  );
}

function Doubted({ page }: { page: Page }) {
  const { t, number } = useSpeech();
  const { side, across, sheet } = page;
  if (page.doubted.length === 0) return null;
  return (
    <section>
      <h2>{t("training.doubted")}</h2>
      <ul className="tiles narrow small">
        {page.doubted.map(({ example, loss, label, said }) => (
          <li key={example} className="stack close">
            {sheet && <Crop picture={sheet} window={{ left: (example % across) * side, top: Math.floor(example / across) * side, right: ((example % across) + 1) * side, bottom: (Math.floor(example / across) + 1) * side }} alt={page.names[example] ?? ""} />}
            <span>{t("training.doubted.said", { label, said })}</span>
            <span className="quiet number">{number(loss)}</span>
          </li>
        ))}
      </ul>
      <p className="caption">{t("training.doubted.caption")}</p>
    </section>
  );
}
