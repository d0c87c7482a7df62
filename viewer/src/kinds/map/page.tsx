// One map: its points, how far to trust it, what was picked out, the units behind it, and the same as a grid.
import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import type { MapPage as Page, Overview } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { paint, share, type Shade } from "../../parts/colours";
import { Findings } from "./findings";
import { PictureGrid } from "./grid";
import { Legend } from "./legend";
import { classMiddles, Points } from "./points";
import { Quality } from "./quality";
import { Scatter } from "./scatter";
import { Selection } from "./selection";
import { Sheets, Tile } from "./tile";
import { Units } from "./units";
import { boxOf } from "./view";
import { Explain, Facts, MadeBy } from "../../parts/words";
import { tell } from "../../core/outside";
import { href, type Route } from "../../core/routes";
import { useSettings } from "../../core/settings";
import type { Source } from "../../core/source";
import { unpack } from "../../core/values";

type At = Extract<Route, { page: "map" }>;
type Chosen = { points: Uint32Array; why: string; class: string | null };

const RINGS = 5000; // more rings than that hide the map
const CHANGED = 128; // of 255: half of the neighbours are new

export default function MapPage({ overview, page, source, route }: { overview: Overview; page: Page; source: Source; route: At }) {
  const { t, maybe, integer, number, percent } = useSpeech();
  const dark = useDark();
  const count = page.ids.length;
  const points = useMemo(() => new Points(page), [page]);
  const [at, setAt] = useState(Math.min(route.step ?? 0, page.steps.length - 1));
  const step = page.steps[at]!;
  const [colour, setColour] = useState(route.colour ?? usual(points));
  const [point, setPoint] = useState(route.point !== undefined && route.point < count ? route.point : -1);
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const [wanted, setMarked] = useState<boolean | null>(null);
  const [find, setFind] = useState("");
  const [brushed, setBrushed] = useState<Shade | null>(null); // the answers of units picked out beside the map
  const positions = unpack(step.positions) as Uint16Array;
  const box = useMemo(() => boxOf(page.steps.map((s) => unpack(s.positions) as Uint16Array)), [page]);
  const kept = useMemo(() => share("kept", unpack(step.kept) as Uint8Array), [step]);
  const changes = useMemo(() => (step.changed ? share("changed", unpack(step.changed) as Uint8Array) : null), [step]);
  const choices = [...points.shades, kept, ...(changes ? [changes] : []), ...(brushed ? [brushed] : [])];
  const fresh = useMemo(() => (changes ? many(changes.of, Infinity).length : 0), [changes]);
  const marked = wanted ?? 3 * fresh < count; // where nearly all have changed, marks on all would only hide the map
  const shade = choices.find((s) => s.name === colour) ?? kept;
  const near = useNear(source, page, at, point >= 0 || chosen !== null);
  const k = near ? near.length / count : 0;
  const own = useMemo(() => (near && point >= 0 ? near.slice(point * k, point * k + k) : null), [near, point, k]);
  const names = useMemo(() => classMiddles(shade, positions), [shade, positions]);
  const mask = useMemo(() => chosen && toMask(chosen.points, count), [chosen, count]);
  const rings = useMemo(() => (marked && changes ? many(changes.of, RINGS).filter((i) => !mask || mask[i]) : null), [marked, changes, mask]);
  const colours = useMemo(() => paint(shade, count, dark, mask), [shade, count, dark, mask]);

  useEffect(() => {
    const to: At = { page: "map", map: page.id, ...(at ? { step: at } : {}), colour, ...(point >= 0 ? { point } : {}) };
    history.replaceState(null, "", href(to));
  }, [page.id, at, colour, point]);
  useEffect(() => {
    if (chosen || point >= 0) tell(Array.from(chosen?.points ?? [point], (i) => page.ids[i]!));
    return () => tell([]);
  }, [page, chosen, point]);

  const choose = (found: Uint32Array | null, why: string, add = false, ofClass: string | null = null) => {
    setChosen((now) => (found === null ? null : { points: add && now ? union(now.points, found) : found, why, class: ofClass }));
  };
  const chooseClass = (name: string, c: number) => {
    if (chosen?.class === name) return choose(null, "");
    choose(where(shade.of, c), shade.kind === "outcome" ? maybe(`map.value.${name}`, name) : name, false, name);
  };
  const search = (text: string) => {
    setFind(text);
    const wanted = text.trim().toLowerCase();
    if (!wanted) return choose(null, "");
    const found: number[] = [];
    const classes = [points.label, points.prediction].map((s) => s?.names.map((n) => n.toLowerCase().includes(wanted)));
    page.ids.forEach((id, i) => {
      const named = [points.label, points.prediction].some((s, j) => s && classes[j]?.[s.of[i]!]);
      if (named || id.toLowerCase().includes(wanted)) found.push(i);
    });
    choose(Uint32Array.from(found), t("map.found", { text: text.trim() }));
  };
  const brush = (of: Uint8Array | null, name: string) => {
    setBrushed(of && share(name, of));
    if (of) setColour(name);
    else if (brushed && colour === brushed.name) setColour(usual(points));
  };
  const network = overview.networks.find((n) => n.fingerprint === page.network);
  const made = overview.records[page.record];
  const method = maybe(`method.${page.method}`, page.method);
  const link = page.links.find((l) => l.layer === step.layer) ?? page.links[0];
  const said = point >= 0 ? points.describe(point, maybe, percent) : "";
  return (
    <Sheets sprites={page.sprites} className="page">
      <nav className="crumbs">
        <a href={href({ page: "maps" })}>← {t("nav.back", { name: t("nav.maps") })}</a>
      </nav>
      <header className="page-head tight">
        <h1>{page.steps.length > 1 ? t("map.title.steps", { first: page.steps[0]!.name, last: page.steps.at(-1)!.name }) : step.layer}</h1>
        <p className="lead">
          {[t(page.kind === "units" ? "map.lead.units" : "map.lead", { n: count, method }), network?.name].filter(Boolean).join(" · ")} · <MadeBy made={made} />
        </p>
      </header>
      <div className="map-top split aside">
        <div>
          {page.steps.length > 1 && (
            <div className="map-steps row small">
              <label className="quiet" htmlFor="map-step">{t("map.step")}</label>
              <input id="map-step" type="range" min={0} max={page.steps.length - 1} value={at} aria-valuetext={step.name} onChange={(event) => setAt(Number(event.target.value))} />
              <output className="mono" htmlFor="map-step">{step.name}</output>
              {changes && (
                <button type="button" className="toggle chip" aria-pressed={marked} onClick={() => setMarked(!marked)}>
                  {t("map.changed", { n: fresh })}
                </button>
              )}
            </div>
          )}
          <Scatter
            label={t("map.alt", { n: count, layer: step.layer, method })}
            positions={positions}
            box={box}
            colours={colours}
            marks={{ point, near: own, rings, names }}
            pick={setPoint}
            choose={(found, add) => choose(found, t("map.lassoed"), add)}
            tell={(i) => <Told page={page} points={points} point={i} kept={kept} />}
          />
          <p className="sr" role="status">
            {said}
          </p>
          <p className="caption">
            {t(page.kind === "units" ? "map.caption.units" : "map.caption", { layer: step.layer, method })} {colourWords(shade, t, maybe)} {rings && rings.length > 0 && t("map.rings")}
          </p>
        </div>
        <aside className="stack loose">
          <Quality step={step} method={page.method === "unit_map" ? "tsne" : page.method} />
          <section>
            <div className="map-choice row">
              <label className="quiet small" htmlFor="map-colour">{t("colour.by")}</label>
              <select id="map-colour" value={shade.name} onChange={(event) => setColour(event.target.value)}>
                {choices.map((s) => (
                  <option key={s.name} value={s.name}>
                    {maybe(`map.column.${s.name}`, s.name)}
                  </option>
                ))}
              </select>
              <input type="search" aria-label={t(page.kind === "units" ? "map.find.units" : "map.find")} placeholder={t(page.kind === "units" ? "map.find.units" : "map.find")} value={find} onChange={(event) => search(event.target.value)} />
            </div>
            <Legend shade={shade} dark={dark} chosen={chosen?.class ?? null} choose={chooseClass} />
          </section>
          {point >= 0 && (
            <section className="map-point stack" aria-label={page.ids[point]}>
              <div className="beside">
                {page.sprites && <Tile sprites={page.sprites} index={point} size={72} alt={page.ids[point] ?? ""} />}
                <Facts rows items={[[t(page.kind === "units" ? "unit" : "map.id"), page.ids[point] ?? ""], ...points.shades.map((s): [string, string] => [maybe(`map.column.${s.name}`, s.name), points.value(s, point, maybe, number, percent)]), [t("map.column.kept"), points.value(kept, point, maybe, number, percent)]]} />
              </div>
              {own && (
                <>
                  <h3>{t("map.near", { n: own.length })}</h3>
                  <ol className="map-sheet toggles small">
                    {Array.from(own, (i) => (
                      <li key={i}>
                        <button type="button" className={points.outcome?.of[i] === 0 ? "pick wrong" : "pick"} title={points.describe(i, maybe, percent)} onClick={() => setPoint(i)}>
                          {page.sprites ? <Tile sprites={page.sprites} index={i} size={44} alt={points.describe(i, maybe, percent)} /> : page.ids[i]}
                        </button>
                      </li>
                    ))}
                  </ol>
                  <p className="caption">{t("map.near.caption")}</p>
                </>
              )}
            </section>
          )}
          <Explain text={page.kind === "units" ? "map.explain.units" : "map.explain"} paper={made?.paper} />
        </aside>
      </div>
      {chosen && <Selection page={page} points={points} chosen={chosen.points} title={chosen.why} near={near} pick={setPoint} clear={() => choose(null, "")} />}
      {page.findings.filter((view) => view.layer === step.layer).map((view) => (
        <Findings key={view.record} overview={overview} page={page} view={view} pick={setPoint} choose={(found, why) => choose(found, why)} />
      ))}
      {link && <Units link={link} chosen={chosen?.points ?? (point >= 0 ? Uint32Array.of(point) : null)} count={count} dark={dark} brush={brush} />}
      {page.grid && page.sprites && <PictureGrid grid={page.grid} sprites={page.sprites} layer={page.steps.at(-1)!.layer} ids={page.ids} point={point} pick={setPoint} />}
      <p className="quiet foot">{t("map.data", { data: page.data, n: integer(count) })}</p>
    </Sheets>
  );
}

/** What a map is coloured by until the reader says otherwise. */
function usual(points: Points): string {
  // Where nearly every point is a class of its own, colours of classes say nothing.
  const telling = (s: Shade | undefined) => (s && s.kind === "classes" && 3 * s.names.length <= s.of.length ? s : undefined);
  const byClass = telling(points.label) ?? telling(points.prediction) ?? points.shades.find((s) => telling(s));
  return (byClass ?? points.confidence ?? points.shades[0])?.name ?? "kept";
}

function Told({ page, points, point, kept }: { page: Page; points: Points; point: number; kept: Shade }) {
  const { maybe, number, percent, t } = useSpeech();
  return (
    <>
      {page.sprites && <Tile sprites={page.sprites} index={point} size={96} alt="" />}
      <strong>{page.kind === "units" ? t("units.unit", { unit: page.ids[point] ?? "" }) : page.ids[point]}</strong>
      {[...points.shades, kept].map((s) => (
        <span key={s.name}>
          <span className="quiet">{maybe(`map.column.${s.name}`, s.name)}</span> {points.value(s, point, maybe, number, percent)}
        </span>
      ))}
    </>
  );
}

type Speech = ReturnType<typeof useSpeech>;

function colourWords(shade: Shade, t: Speech["t"], maybe: Speech["maybe"]): string {
  const name = maybe(`map.column.${shade.name}`, shade.name);
  if (shade.kind !== "number") return t(shade.names.length > 10 ? "map.colours.common" : "map.colours.classes", { name });
  return t("map.colours.number", { name });
}

/** The true neighbours of every point, loaded when they are first asked for. */
function useNear(source: Source, page: Page, step: number, wanted: boolean): Uint32Array | null {
  const [near, setNear] = useState<{ id: string; values: Uint32Array } | null>(null);
  const id = `${page.id}-${step}`;
  useEffect(() => {
    if (!wanted || !page.steps[step]?.neighbours) return;
    let here = true;
    source.page("neighbours", id).then((found) => here && setNear({ id, values: unpack(found.values) as Uint32Array }), () => undefined);
    return () => {
      here = false;
    };
  }, [source, page, step, id, wanted]);
  return near?.id === id ? near.values : null;
}

function useDark(): boolean {
  const { theme } = useSettings();
  const system = useSyncExternalStore(
    (changed) => {
      const query = matchMedia("(prefers-color-scheme: dark)");
      query.addEventListener("change", changed);
      return () => query.removeEventListener("change", changed);
    },
    () => matchMedia("(prefers-color-scheme: dark)").matches,
  );
  return theme === "auto" ? system : theme === "dark";
}

function where(of: Int16Array, c: number): Uint32Array {
  const found: number[] = [];
  for (let i = 0; i < of.length; i++) if (of[i] === c) found.push(i);
  return Uint32Array.from(found);
}

/** Points of which at least half of the neighbours are new; none where there are too many to mark. */
function many(of: Int16Array, most: number): Uint32Array {
  const found: number[] = [];
  for (let i = 0; i < of.length; i++) if (of[i]! >= CHANGED) found.push(i);
  return Uint32Array.from(found.length > most ? [] : found);
}

function union(a: Uint32Array, b: Uint32Array): Uint32Array {
  return Uint32Array.from(new Set([...a, ...b])).sort();
}

function toMask(points: Uint32Array, count: number): Uint8Array {
  const mask = new Uint8Array(count);
  for (const i of points) mask[i] = 1;
  return mask;
}
