// A range of the text, the cells that are on over it, and where they are on again: worked out in the page as one selects.
import { useEffect, useMemo, useState } from "react";
import type { Overview } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { href } from "../../core/routes";
import type { Source } from "../../core/source";
import { unpack } from "../../core/values";
import { enrich, prepare, search, select, withOwn, type Corpus, type Run } from "./matching";
import { sequenceName, trackName } from "../../parts/sequence/names";
import { cellKey, placeName, States, type Cell } from "../../parts/sequence/states";
import type { Range } from "../../parts/sequence/strip";
import { tokenAt, visible } from "../../parts/sequence/tokens";

type Shown = { source: Source; overview: Overview; states: States; cell: Cell; range: Range; chooseCell: (cell: Cell) => void };
type Loaded = { key: string; corpus: Corpus; all: States[]; own: number };

const MOST = 200;
const DRAWN = 60; // places of a series, each drawn
const SIDE = 36;

export function Matching({ source, overview, states, cell, range, chooseCell }: Shown) {
  const speech = useSpeech();
  const { t, number, integer, percent } = speech;
  const [before, setBefore] = useState(true);
  const [after, setAfter] = useState(true);
  const [most, setMost] = useState(5);
  const [distance, setDistance] = useState<number | undefined>();
  const [own, setOwn] = useState<ReadonlyMap<number, number>>(new Map());
  const page = states.page;
  const place = page.places[cell.place];
  const key = place ? [page.network, place.layer, place.direction, place.state].join("|") : "";
  const loaded = useCorpus(source, overview, states, cell.place, key);
  const made = useMemo(() => {
    if (!loaded) return null;
    const wish = { sequence: loaded.own, start: range.start, stop: range.stop, most, before, after, distance };
    const strict = select(loaded.corpus, wish);
    // Where no cell goes on and off with the range, those that are on over it are shown all the same, and it is said.
    const relaxed = strict.length === 0 && (before || after);
    const cells = withOwn(loaded.corpus, relaxed ? select(loaded.corpus, { ...wish, before: false, after: false }) : strict, own);
    const runs = cells.length ? search(loaded.corpus, cells, wish) : [];
    const names = [...new Set(loaded.all.flatMap((one) => one.page.tracks.filter((track) => track.measure === "auc").map((track) => track.name)))];
    const tracks = new Map(
      names.map((name) => [name, loaded.all.map((one) => one.page.tracks.find((track) => track.name === name)).map((track) => (track ? (unpack(track.values) as Uint8Array) : undefined))]),
    );
    return { cells, runs, tracks, relaxed, enriched: enrich(tracks, runs) };
  }, [loaded, range, most, before, after, distance, own]);
  if (!place) return null;
  const readable = page.reading === "text" || page.reading === "tokens";
  const units = unpack(place.units) as Uint16Array;
  const high = unpack(place.high) as Float32Array;
  const value = (row: number, byte: number) => (place.share ? byte / 255 : ((byte - 128) / 127) * (high[row] ?? 1));
  const text = (one: States, start: number, stop: number) => {
    let made = "";
    for (let step = Math.max(0, start); step < Math.min(one.page.steps, stop); step++) made += visible(tokenAt(one.page, step));
    return made;
  };
  return (
    <section className="matching" aria-live="polite">
      <div className="row-head">
        <h2>{t("matches.selected", { start: range.start, stop: range.stop })}</h2>
        <span className="row small">
          <label className="inline">
            <input type="checkbox" checked={before} onChange={(event) => setBefore(event.target.checked)} /> {t("matches.before")}
          </label>
          <label className="inline">
            <input type="checkbox" checked={after} onChange={(event) => setAfter(event.target.checked)} /> {t("matches.after")}
          </label>
          <label>
            {t("matches.most")}{" "}
            <select value={most} onChange={(event) => setMost(Number(event.target.value))}>
              {[1, 2, 3, 5, 10].map((n) => (
                <option key={n}>{n}</option>
              ))}
            </select>
          </label>
          <label>
            {t("matches.threshold")}{" "}
            <select value={distance ?? ""} onChange={(event) => setDistance(event.target.value === "" ? undefined : Number(event.target.value))}>
              <option value="">{t("matches.suggested")}</option>
              {[10, 25, 40, 60, 80].map((share) => (
                <option key={share} value={Math.round((share / 100) * (place.share ? 255 : 127))}>
                  {percent(share / 100)}
                </option>
              ))}
            </select>
          </label>
        </span>
      </div>
      {!made && <p className="quiet">{t("state.loading")}</p>}
      {made && made.cells.length === 0 && <p className="note">{t("matches.none")}</p>}
      {made && made.cells.length > 0 && (
        <>
          <div className="toggles" role="group" aria-label={t("nav.cells")}>
            {made.cells.map((on) => (
              <span key={on.row} className="threshold inline">
                <button type="button" className="toggle chip" aria-pressed={on.row === cell.row} onClick={() => chooseCell({ place: cell.place, row: on.row })}>
                  <strong>
                    {placeName(place)} {units[on.row]}
                  </strong>{" "}
                  {on.sign > 0 ? ">" : "<"} {number(value(on.row, on.threshold))}
                  <span className="quiet"> {percent(on.share)}</span>
                </button>
                <input
                  type="range"
                  min={place.share ? 0 : 1}
                  max={255}
                  step={0.5}
                  value={on.threshold}
                  aria-label={t("matches.own", { cell: `${placeName(place)} ${units[on.row] ?? ""}` })}
                  aria-valuetext={number(value(on.row, on.threshold))}
                  onChange={(event) => setOwn(new Map(own).set(on.row, Number(event.target.value)))}
                />
                {own.has(on.row) && (
                  <button type="button" className="toggle" onClick={() => setOwn(new Map([...own].filter(([row]) => row !== on.row)))}>
                    {t("matches.reset")}
                  </button>
                )}
              </span>
            ))}
          </div>
          {made.relaxed && <p className="note">{t("matches.relaxed")}</p>}
          <p className="caption">{t("matches.count", { n: made.runs.length, steps: loaded?.corpus.lengths.reduce((a, b) => a + b, 0) ?? 0, texts: loaded?.all.length ?? 0 })}</p>
          <div className="matching-columns split">
            <ol className="matches-list limited lined rows" tabIndex={0} aria-label={t("nav.matches")}>
              {made.runs.slice(0, readable ? MOST : DRAWN).map((run, i) => {
                const one = loaded?.all[run.sequence];
                if (!one) return null;
                const to = href({ page: "sequence", sequence: one.page.id, cell: cellKey(place.layer, place.direction, place.state, units[made.cells[0]?.row ?? 0] ?? 0), at: run.start, to: run.stop });
                const on = [...made.tracks].filter(([, columns]) => columns[run.sequence]?.[run.start] === 1).map(([name]) => name);
                return (
                  <li key={i}>
                    <a className="match-line plain" href={to} title={`${sequenceName(speech, one.page.name)} ${run.start}–${run.stop}`}>
                      {readable ? (
                        <>
                          <span className="match-before">{text(one, run.start - SIDE, run.start)}</span>
                          <mark>{text(one, run.start, Math.min(run.stop, run.start + 60))}</mark>
                          <span>{text(one, run.stop, run.stop + SIDE)}</span>
                        </>
                      ) : (
                        <Course name={`${sequenceName(speech, one.page.name)} ${run.start}–${run.stop}`} bytes={loaded?.corpus.values[run.sequence]} steps={one.page.steps} row={made.cells[0]?.row ?? 0} run={run} />
                      )}
                    </a>
                    <span className="one-line small quiet">{on.slice(0, 3).map((name) => trackName(speech, name)).join(" · ")}</span>
                  </li>
                );
              })}
            </ol>
            <EnrichmentTable rows={made.enriched} />
          </div>
          <p className="caption">{t("matches.caption", { n: integer(Math.min(readable ? MOST : DRAWN, made.runs.length)) })}</p>
        </>
      )}
    </section>
  );
}

/** What the first cell does around a place of a series; the place itself is marked. */
function Course({ name, bytes, steps, row, run }: { name: string; bytes: Uint8Array | undefined; steps: number; row: number; run: Run }) {
  const [first, last] = [Math.max(0, run.start - SIDE), Math.min(steps, run.stop + SIDE)];
  const [width, height] = [320, 34];
  const x = (step: number) => ((step - first) / Math.max(1, last - first)) * width;
  const path = Array.from({ length: last - first }, (_, i) => `${i ? "L" : "M"}${x(first + i + 0.5).toFixed(1)} ${(2 + (height - 4) * (1 - (bytes?.[row * steps + first + i] ?? 0) / 255)).toFixed(1)}`).join("");
  return (
    <>
      <span className="match-before">{name}</span>
      <svg className="sparkline chart" viewBox={`0 0 ${width} ${height}`} width={width} height={height} aria-hidden="true">
        <rect x={x(run.start)} width={x(run.stop) - x(run.start)} y={0} height={height} />
        <path className="input-0" d={path} />
      </svg>
    </>
  );
}

export type EnrichedRow = { track: string; share: number; corpus: number; lift: number; p: number };

export function EnrichmentTable({ rows }: { rows: readonly EnrichedRow[] }) {
  const speech = useSpeech();
  const { t, number, percent } = speech;
  if (!rows.length) return null;
  return (
    <table className="numbers">
      <thead>
        <tr>
          <th scope="col">{t("annotation")}</th>
          <th scope="col">{t("matches.share")}</th>
          <th scope="col">{t("matches.corpus")}</th>
          <th scope="col">{t("matches.lift")}</th>
          <th scope="col">p</th>
        </tr>
      </thead>
      <tbody>
        {rows.slice(0, 10).map((row) => (
          <tr key={row.track} className={row.p > 0.05 ? "dim" : undefined}>
            <th scope="row">{trackName(speech, row.track)}</th>
            <td>{percent(row.share)}</td>
            <td>{percent(row.corpus)}</td>
            <td>{number(row.lift)}</td>
            <td>{number(row.p)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The states of one place over every sequence of the network that has all of its units. */
function useCorpus(source: Source, overview: Overview, states: States, place: number, key: string): Loaded | null {
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  useEffect(() => {
    let current = true;
    const about = states.page.places[place];
    if (!about) return undefined;
    const name = [about.layer, about.direction, about.state].join("|");
    const cards = overview.sequences.filter((card) => card.network === states.page.network && (card.id === states.page.id || card.places.includes(name)));
    const load = async () => {
      const all: States[] = [];
      const values: Uint8Array[] = [];
      for (const card of cards) {
        const one = card.id === states.page.id ? states : new States(source, await source.page("sequence", card.id));
        const index = one.page.places.findIndex((p) => [p.layer, p.direction, p.state].join("|") === name);
        if (index < 0 || one.page.places[index]?.units.shape[0] !== about.units.shape[0]) continue;
        all.push(one);
        values.push(await one.whole(index));
      }
      const corpus = { units: about.units.shape[0] ?? 0, lengths: all.map((one) => one.page.steps), values };
      await prepare(corpus);
      if (current) setLoaded({ key, corpus, all, own: all.indexOf(states) });
    };
    void load();
    return () => {
      current = false;
    };
  }, [source, overview, states, place, key]);
  return loaded?.key === key ? loaded : null;
}
