// One sequence: its text coloured by a cell, and on one time axis what was expected, gates, annotations and every unit.
import { use, useEffect, useState } from "react";
import type { CellFinding, Overview, SequencePage } from "../../generated/document";
import { useSpeech, type Speech } from "../../i18n";
import { Bars, Explain, Facts, MadeBy } from "../../parts/words";
import { href } from "../../core/routes";
import { gradient } from "../../parts/sequence/colours";
import { orders, sequenceLanes, type Order } from "./axis";
import { Matching } from "../matches/matching-panel";
import { sequenceName, trackName } from "../../parts/sequence/names";
import { Picker } from "./picker";
import { decode, findCell, highOf, keyOf, useStates, type Cell, type States } from "../../parts/sequence/states";
import { Strip, type Range } from "../../parts/sequence/strip";
import { usePalette } from "../../parts/sequence/theme";
import { Timeline } from "../../parts/sequence/timeline";
import { tokenAt, visible } from "../../parts/sequence/tokens";
import type { Source } from "../../core/source";
import { unpack } from "../../core/values";

type Shown = { source: Source; overview: Overview; page: SequencePage; cell: string | undefined; at: number | undefined; to: number | undefined };

const FILLED = 1060; // pixels that a short series fills
const ZOOMS = [1, 2, 4, 8, 12, 18] as const;

export default function SequenceView({ source, overview, page, cell: wanted, at: start, to }: Shown) {
  const speech = useSpeech();
  const { t, integer, number } = speech;
  const palette = usePalette();
  const states = useStates(source, page);
  const findings = useFindings(source, overview, page);
  const [cell, setCell] = useState<Cell>(() => findCell(page, wanted) ?? first(page, findings));
  const [at, setAt] = useState(start !== undefined && start < page.steps ? start : undefined);
  const [range, setRange] = useState<Range | undefined>(start !== undefined && to !== undefined && start < to && to <= page.steps ? { start, stop: to } : undefined);
  const readable = page.reading === "text" || page.reading === "tokens";
  const [px, setPx] = useState<number>(readable ? 18 : (ZOOMS.findLast((zoom) => zoom * page.steps <= FILLED) ?? 1));
  const [order, setOrder] = useState<Order>("similar");
  const own = findings.filter((f) => same(f, keyOf(page, cell)));
  const [marked, setMarked] = useState<ReadonlySet<string> | null>(null);
  const shownTracks = marked ?? new Set(own.length ? own.map((f) => f.track) : page.tracks.slice(0, 3).map((track) => track.name));
  const key = keyOf(page, cell);
  useEffect(() => {
    // The address follows the reader, without a step in the browser's history for each character.
    const query = { page: "sequence", sequence: page.id, cell: key, ...(range ? { at: range.start, to: range.stop } : at !== undefined ? { at } : {}) } as const;
    history.replaceState(null, "", href(query));
  }, [page.id, key, at, range]);
  const choose = (step: number, chosen?: Range) => {
    setAt(step);
    setRange(chosen);
  };
  const lanes = sequenceLanes({ states, cell, order, tracks: shownTracks, palette, px, setCell, speech });
  const high = highOf(page, cell);
  const place = page.places[cell.place];
  const records = Object.values(page.records);
  return (
    <>
      <nav className="crumbs">
        <a href={href({ page: "sequences" })}>← {t("nav.back", { name: t("nav.sequences") })}</a>
      </nav>
      <header className="page-head tight">
        <h1>{sequenceName(speech, page.name)}</h1>
        <p className="lead">
          {t(`sequence.steps.${page.reading}`, { n: page.steps })} · {overview.networks.find((n) => n.fingerprint === page.network)?.name}
          {page.check !== null && ` · ${t("sequence.check", { value: number(page.check) })}`}
          {records.map((made) => (
            <span key={made.key}>
              {" · "}
              <MadeBy made={made} />
            </span>
          ))}
        </p>
        <Explain text="sequence.explain" paper={records.find((made) => made.method === "find_cells")?.paper ?? records[0]?.paper} />
      </header>
      <Picker page={page} cell={cell} findings={findings} choose={setCell} />
      {readable && (
        <section>
          <Strip states={states} cell={cell} palette={palette} at={at} range={range} choose={choose} />
          <p className="caption below">
            <span className="legend">
              <span>{place?.share ? "0" : `−${number(high)}`}</span>
              <span className="scale" style={{ background: gradient(palette.behind, place?.share ? 128 : 1) }} />
              <span>{place?.share ? "1" : `+${number(high)}`}</span>
            </span>
            {t(place?.share ? "sequence.text.share" : "sequence.text.caption")} {t("sequence.select")}
          </p>
        </section>
      )}
      {range && <Matching source={source} overview={overview} states={states} cell={cell} range={range} chooseCell={setCell} />}
      <section>
        <div className="row-head">
          <h2>{t("sequence.axis")}</h2>
          <span className="row small">
            <label>
              {t("sequence.order")}{" "}
              <select value={order} onChange={(event) => setOrder(event.target.value as Order)}>
                {orders(place).map((name) => (
                  <option key={name} value={name}>
                    {t(`sequence.order.${name}`)}
                  </option>
                ))}
              </select>
            </label>
            <span role="group" aria-label={t("sequence.zoom")} className="row">
              <button type="button" className="square" aria-label={t("sequence.zoom.out")} disabled={px === ZOOMS[0]} onClick={() => setPx(ZOOMS[Math.max(0, nearest(px) - 1)] ?? px)}>
                −
              </button>
              <button type="button" className="square" aria-label={t("sequence.zoom.in")} disabled={px === ZOOMS.at(-1)} onClick={() => setPx(ZOOMS[Math.min(ZOOMS.length - 1, nearest(px) + 1)] ?? px)}>
                +
              </button>
            </span>
          </span>
        </div>
        {page.tracks.length > 0 && (
          <div className="toggles" role="group" aria-label={t("sequence.tracks")}>
            {page.tracks.map((track) => (
              <button
                key={track.name}
                type="button"
                className="toggle"
                aria-pressed={shownTracks.has(track.name)}
                onClick={() => setMarked(toggled(shownTracks, track.name))}
              >
                {trackName(speech, track.name)}
              </button>
            ))}
          </div>
        )}
        <Timeline lanes={lanes} steps={page.steps} px={px} palette={palette} at={at} range={range} label={t("sequence.axis")} choose={readable ? (step) => choose(step, range) : choose} ranges={!readable} />
        <p className="caption">{t("sequence.axis.caption")}{!readable && ` ${t("sequence.select.axis")}`}{readable && page.guesses.length > 0 && ` ${t("sequence.guesses.caption")}`} {t("sequence.heat.caption")}</p>
      </section>
      {at !== undefined && <Step states={states} cell={cell} at={at} integer={integer} />}
    </>
  );
}

const nearest = (px: number) => Math.max(0, ZOOMS.findIndex((zoom) => zoom >= px));

function toggled(set: ReadonlySet<string>, name: string): ReadonlySet<string> {
  const next = new Set(set);
  if (!next.delete(name)) next.add(name);
  return next;
}

const same = (f: CellFinding, key: string) => [f.layer, f.direction, f.state, f.unit].join("|") === key;

/** The cell to begin with: one that was found and survives, else the first of the cell states. */
function first(page: SequencePage, findings: readonly CellFinding[]): Cell {
  for (const f of [...findings].sort((a, b) => Number(b.survives) - Number(a.survives))) {
    const found = findCell(page, [f.layer, f.direction, f.state, f.unit].join("|"));
    if (found) return found;
  }
  return { place: Math.max(0, page.places.findIndex((p) => p.state === "c")), row: 0 };
}

/** What was found in this network in a search that read this sequence. */
function useFindings(source: Source, overview: Overview, page: SequencePage): readonly CellFinding[] {
  const results = overview.sequence_results.filter((r) => r.kind === "cells" && r.record in page.records);
  return results.map((result) => use(source.page("cells", result.id))).flatMap((made) => made.findings);
}

function Step({ states, cell, at, integer }: { states: States; cell: Cell; at: number; integer: (n: number) => string }) {
  const speech = useSpeech();
  const { t, number } = speech;
  const page = states.page;
  const made = states.guesses(Math.floor(at / page.chunk));
  const byte = states.row(cell.place, cell.row, at, at + 1)[0] ?? 0;
  const token = tokenAt(page, at);
  const facts: [string, string][] = [[t("sequence.value"), number(decode(page, cell, byte))]];
  const bars: { label: string; value: number }[] = [];
  if (made) {
    const i = at - made.first;
    facts.push([t("sequence.entropy"), `${number(made.entropy[i] ?? 0)} nats`]);
    const loss = made.loss[i] ?? NaN;
    if (!Number.isNaN(loss)) facts.push([t("sequence.loss"), `${number(loss)} nats`]);
    for (let k = 0; k < made.width; k++) {
      const token = page.symbols?.[made.tokens[i * made.width + k] ?? 0] ?? "";
      bars.push({ label: visible(token), value: (made.shares[i * made.width + k] ?? 0) / 255 });
    }
  }
  const known = page.tracks.some((track) => track.measure === "auc");
  return (
    <section className="step">
      <h2>{t("sequence.step", { step: integer(at) }) + (token ? ` “${visible(token)}”` : "")}</h2>
      <div className="step-columns split">
        <Facts items={facts} rows />
        {bars.length > 0 && (
          <div>
            <h3>{t("sequence.next")}</h3>
            <Bars items={bars} />
          </div>
        )}
        {known && <p className="quiet">{t("sequence.on", { names: onAt(page, at, speech).join(", ") || "–" })}</p>}
      </div>
    </section>
  );
}

function onAt(page: SequencePage, step: number, speech: Speech): string[] {
  return page.tracks.filter((track) => track.measure === "auc" && (unpack(track.values) as Uint8Array)[step] === 1).map((track) => trackName(speech, track.name));
}
