// The heavy numbers of one sequence, fetched piece by piece when they are first looked at.
import { useMemo, useSyncExternalStore } from "react";
import type { SequencePage, StatePlace } from "../../generated/document";
import type { Source } from "../../core/source";
import { unpack } from "../../core/values";

export type Guesses = { first: number; width: number; tokens: Uint16Array; shares: Uint8Array; entropy: Float32Array; loss: Float32Array };

export class States {
  private readonly pieces = new Map<string, Uint8Array | null>();
  private readonly expected = new Map<number, Guesses | null>();
  private readonly listeners = new Set<() => void>();
  private version = 0;

  constructor(
    private readonly source: Source,
    readonly page: SequencePage,
  ) {}

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  current = () => this.version;

  /** (U, n) bytes of a place's chunk, row by row; null until they have come. */
  piece(place: number, chunk: number): Uint8Array | null {
    const id = this.page.places[place]?.pages[chunk];
    if (id === undefined) return null;
    const known = this.pieces.get(id);
    if (known !== undefined) return known;
    this.pieces.set(id, null);
    void this.source.page("states", id).then((made) => {
      this.pieces.set(id, unpack(made.values) as Uint8Array);
      this.changed();
    });
    return null;
  }

  /** What the network expected after the steps of a chunk; null until it has come or where it is not known. */
  guesses(chunk: number): Guesses | null {
    const id = this.page.guesses[chunk];
    if (id === undefined) return null;
    const known = this.expected.get(chunk);
    if (known !== undefined) return known;
    this.expected.set(chunk, null);
    void this.source.page("guesses", id).then((made) => {
      const tokens = unpack(made.tokens) as Uint16Array;
      this.expected.set(chunk, {
        first: made.first,
        width: made.tokens.shape[1] ?? 1,
        tokens,
        shares: unpack(made.shares) as Uint8Array,
        entropy: unpack(made.entropy) as Float32Array,
        loss: unpack(made.loss) as Float32Array,
      });
      this.changed();
    });
    return null;
  }

  /** Bytes of one row over steps first to last, 0 where they have not come yet. */
  row(place: number, row: number, first: number, last: number): Uint8Array {
    const { chunk, steps } = this.page;
    const out = new Uint8Array(Math.max(0, last - first));
    for (let c = Math.floor(first / chunk); c * chunk < last; c++) {
      const piece = this.piece(place, c);
      if (!piece) continue;
      const begin = c * chunk;
      const width = Math.min(chunk, steps - begin);
      const from = Math.max(first, begin);
      const to = Math.min(last, begin + width);
      out.set(piece.subarray(row * width + from - begin, row * width + to - begin), from - first);
    }
    return out;
  }

  /** Every byte of a place, (U, steps); waits for all of it. */
  async whole(place: number): Promise<Uint8Array> {
    const { chunk, steps } = this.page;
    const about = this.page.places[place];
    if (!about) throw new Error(String(place));
    const units = about.units.shape[0] ?? 0;
    const out = new Uint8Array(units * steps);
    for (let c = 0; c < about.pages.length; c++) {
      const made = await this.source.page("states", about.pages[c] ?? "");
      const piece = unpack(made.values) as Uint8Array;
      const width = Math.min(chunk, steps - c * chunk);
      for (let u = 0; u < units; u++) out.set(piece.subarray(u * width, (u + 1) * width), u * steps + c * chunk);
    }
    return out;
  }

  private changed(): void {
    this.version++;
    for (const listener of this.listeners) listener();
  }
}

export function useStates(source: Source, page: SequencePage): States {
  const states = useMemo(() => new States(source, page), [source, page]);
  useSyncExternalStore(states.subscribe, states.current);
  return states;
}

export type Cell = { place: number; row: number };

export const placeName = (place: StatePlace) => `${place.layer}${place.direction ? " ←" : ""} ${place.state}`;

/** A cell's address: layer, direction, state and unit. */
export const cellKey = (layer: string, direction: number, state: string, unit: number) => [layer, direction, state, unit].join("|");

export function findCell(page: SequencePage, key: string | undefined): Cell | null {
  if (key === undefined) return null;
  const parts = key.split("|");
  const [direction, state, unit] = [Number(parts.at(-3)), parts.at(-2), Number(parts.at(-1))];
  const layer = parts.slice(0, -3).join("|");
  const place = page.places.findIndex((p) => p.layer === layer && p.direction === direction && p.state === state);
  const units = page.places[place]?.units;
  const row = units ? (unpack(units) as Uint16Array).indexOf(unit) : -1;
  return row < 0 ? null : { place, row };
}

export function unitOf(page: SequencePage, cell: Cell): number {
  const units = page.places[cell.place]?.units;
  return units ? ((unpack(units) as Uint16Array)[cell.row] ?? 0) : 0;
}

export function keyOf(page: SequencePage, cell: Cell): string {
  const place = page.places[cell.place];
  return place ? cellKey(place.layer, place.direction, place.state, unitOf(page, cell)) : "";
}

/** The number that a byte of a cell stands for. */
export function decode(page: SequencePage, cell: Cell, byte: number): number {
  const place = page.places[cell.place];
  if (!place) return 0;
  const high = (unpack(place.high) as Float32Array)[cell.row] ?? 1;
  return place.share ? (byte / 255) * high : ((byte - 128) / 127) * high;
}

export function highOf(page: SequencePage, cell: Cell): number {
  const place = page.places[cell.place];
  return place ? ((unpack(place.high) as Float32Array)[cell.row] ?? 1) : 1;
}
