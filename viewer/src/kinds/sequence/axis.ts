// Which lanes a sequence has, from what is known of it.
import type { SequencePage, StatePlace } from "../../generated/document";
import type { Speech } from "../../i18n";
import { extent, unpack } from "../../core/values";
import type { Palette } from "../../parts/sequence/colours";
import { readLanes } from "../../parts/sequence/read";
import { bars, characters, curve, frame, guesses, heatmap, marks } from "../../parts/sequence/lanes";
import { trackName } from "../../parts/sequence/names";
import { decode, highOf, placeName, unitOf, type Cell, type States } from "../../parts/sequence/states";
import type { Lane, View } from "../../parts/sequence/timeline";
import { tokenAt, visible } from "../../parts/sequence/tokens";

export type Order = "similar" | "half_life" | "number";

export const orders = (place: StatePlace | undefined): Order[] => (place?.half_lives ? ["similar", "half_life", "number"] : ["similar", "number"]);

type Asked = {
  states: States;
  cell: Cell;
  order: Order;
  tracks: ReadonlySet<string>;
  palette: Palette;
  px: number;
  setCell: (cell: Cell) => void;
  speech: Speech;
};

const LINE = 19;

export function sequenceLanes(asked: Asked): Lane[] {
  const { page } = asked.states;
  const lanes: Lane[] = [];
  lanes.push(...readLanes({ steps: page.steps, tokens: [], lines: page.inputs, sheet: page.sheet, sound: page.sound }, asked.palette, asked.speech));
  if (page.text !== null || page.tokens) lanes.push(...reading(asked));
  lanes.push(...outputs(asked, page));
  lanes.push(...multiples(asked), ...annotations(asked), units(asked));
  return lanes;
}

function reading({ states, px, palette, speech: { t } }: Asked): Lane[] {
  const { page } = states;
  const lanes: Lane[] = [];
  if (px >= 8)
    lanes.push({ key: "characters", label: t("sequence.read"), height: 20, alt: t("sequence.read"), draw: (view) => characters(view, (step) => visible(tokenAt(page, step))) });
  if (!page.guesses.length) return lanes;
  const piece = (step: number) => states.guesses(Math.floor(step / page.chunk));
  const at = (step: number, of: "entropy" | "loss") => {
    const made = piece(step);
    return made ? (made[of][step - made.first] ?? 0) : 0;
  };
  const width = states.guesses(0)?.width ?? 5;
  lanes.push(
    {
      key: "guesses",
      label: t("sequence.next"),
      height: px >= 8 ? width * LINE : 5 * width,
      alt: t("sequence.guesses.caption"),
      draw: (view) => guesses(view, piece, (token) => visible(page.symbols?.[token] ?? String(token)), px >= 8 ? LINE : 5),
    },
    { key: "entropy", label: t("sequence.entropy"), height: 30, alt: t("sequence.entropy"), draw: (view) => bars(view, (step) => at(step, "entropy"), Math.log(Math.max(2, page.symbols?.length ?? 2)), 30, palette.quiet) },
    { key: "loss", label: t("sequence.loss"), height: 30, alt: t("sequence.loss"), draw: (view) => bars(view, (step) => at(step, "loss"), 8, 30, palette.high) },
  );
  return lanes;
}

function outputs({ palette, speech }: Asked, page: SequencePage): Lane[] {
  const { t, number } = speech;
  return page.outputs.map((line) => {
    const values = unpack(line.values) as Float32Array;
    const [low, high] = extent(values);
    const label = t("read.range", { name: `${t("output")} ${line.name}`, low: number(low), high: number(high) });
    return { key: `output-${line.name}`, label, height: 54, alt: label, draw: (view: View) => curve(view, (step) => values[step] ?? null, low, high, 54, palette.accent) };
  });
}

/** The chosen unit's state and gates, each on its own scale: small multiples. */
function multiples({ states, cell, palette, speech: { t } }: Asked): Lane[] {
  const { page } = states;
  const chosen = page.places[cell.place];
  if (!chosen) return [];
  const unit = unitOf(page, cell);
  const related = page.places
    .map((place, index) => ({ place, index }))
    .filter(({ place }) => place.layer === chosen.layer && place.direction === chosen.direction)
    .map(({ place, index }) => ({ place, cell: { place: index, row: (unpack(place.units) as Uint16Array).indexOf(unit) } }))
    .filter((one) => one.cell.row >= 0);
  return related.map(({ place, cell: one }) => {
    const high = highOf(page, one);
    const height = place === chosen ? 54 : 34;
    return {
      key: `state-${place.state}`,
      label: t(place.share ? "sequence.gate" : "sequence.state", { name: placeName(place), unit }),
      height,
      alt: t(place.share ? "sequence.gate" : "sequence.state", { name: placeName(place), unit }),
      draw: (view: View) => {
        const bytes = states.row(one.place, one.row, Math.max(0, view.first - 1), view.last);
        const first = Math.max(0, view.first - 1);
        const value = (step: number) => decode(page, one, bytes[step - first] ?? 0);
        curve(view, value, place.share ? 0 : -high, high, height, place === chosen ? palette.ink : palette.quiet);
      },
    };
  });
}

function annotations({ states, tracks, palette, speech }: Asked): Lane[] {
  return states.page.tracks
    .filter((track) => tracks.has(track.name))
    .map((track) => {
      if (track.measure === "auc") {
        const values = unpack(track.values) as Uint8Array;
        return { key: `track-${track.name}`, label: trackName(speech, track.name), height: 16, alt: trackName(speech, track.name), draw: (view: View) => marks(view, (step) => values[step] ?? 2, 16) };
      }
      const values = unpack(track.values) as Float32Array;
      const [low, high] = extent(values);
      return { key: `track-${track.name}`, label: trackName(speech, track.name), height: 34, alt: trackName(speech, track.name), draw: (view: View) => curve(view, (step) => values[step] ?? null, low, high, 34, palette.accent) };
    });
}

/** Every unit of the chosen state, one a row. */
function units({ states, cell, order, palette, speech: { t }, setCell }: Asked): Lane {
  const { page } = states;
  const place = page.places[cell.place];
  const count = place?.units.shape[0] ?? 0;
  const rows = ordered(place, order);
  const height = Math.max(90, Math.min(640, Math.round(count * (count > 200 ? 2 : 4))));
  const tall = height / Math.max(1, count);
  return {
    key: "units",
    label: place ? t("sequence.units", { name: placeName(place), n: count }) : "",
    height,
    alt: t("sequence.heat.caption"),
    click: (y) => {
      const row = rows[Math.floor(y / tall)];
      if (row !== undefined) setCell({ place: cell.place, row });
    },
    draw: (view) => {
      const { chunk, steps } = page;
      const pieces = new Map<number, Uint8Array | null>();
      for (let c = Math.floor(view.first / chunk); c * chunk < view.last; c++) pieces.set(c, states.piece(cell.place, c));
      const byte = (row: number, step: number) => {
        const c = Math.floor(step / chunk);
        const piece = pieces.get(c);
        return piece ? (piece[row * Math.min(chunk, steps - c * chunk) + step - c * chunk] ?? 128) : place?.share ? 0 : 128;
      };
      heatmap(view, rows, byte, place?.share ? palette.share : palette.signed, height);
      const own = rows.indexOf(cell.row);
      if (own >= 0) frame(view, own * tall, tall);
    },
  };
}

function ordered(place: StatePlace | undefined, order: Order): number[] {
  if (!place) return [];
  if (order === "similar") return [...(unpack(place.similar) as Uint16Array)];
  const rows = Array.from({ length: place.units.shape[0] ?? 0 }, (_, i) => i);
  const lives = order === "half_life" && place.half_lives ? (unpack(place.half_lives) as Float32Array) : null;
  return lives ? rows.sort((a, b) => (lives[b] ?? 0) - (lives[a] ?? 0)) : rows;
}
