// What a point's colour says. Safe for colour-blind eyes, on white and on black.
import type { MapColumn } from "../generated/document";
import { CLASSES, NO_CLASS, RIGHT, SHARE, WRONG } from "../generated/tables";
import { bytesOf, unpack } from "../core/values";

export const UNKNOWN = 65535;

// As light grows, so does the number.
const SHARES = bytesOf(SHARE);

export type Rgb = readonly [number, number, number];

export function rgb(hex: string): Rgb {
  const n = parseInt(hex.slice(1), 16);
  return [n >> 16, (n >> 8) & 255, n & 255];
}

/** 256 colours from low to high. The end that would vanish in the page's background is left out. */
export function scale(dark: boolean): Rgb[] {
  const [from, to] = dark ? [0.12, 1] : [0, 0.92];
  return Array.from({ length: 256 }, (_, i) => {
    const at = 3 * Math.round(255 * from + (to - from) * i);
    return [SHARES[at]!, SHARES[at + 1]!, SHARES[at + 2]!];
  });
}

/** A way to colour: classes with a colour each, or numbers on a scale. of: class, or 0..255, of a point; -1 unknown. */
export type Shade = {
  name: string;
  kind: "classes" | "number" | "outcome";
  of: Int16Array;
  names: string[];
  counts: number[];
  order: number[]; // classes, commonest first
  low: number;
  high: number;
};

export function shade(column: MapColumn): Shade {
  const given = unpack(column.values) as Uint16Array;
  const of = new Int16Array(given.length);
  const names = column.kind === "outcome" ? ["wrong", "right"] : column.names;
  const counts = new Array<number>(names.length).fill(0);
  for (let i = 0; i < given.length; i++) {
    const v = given[i]!;
    if (v === UNKNOWN) of[i] = -1;
    else if (column.kind === "number") of[i] = Math.round((v / (UNKNOWN - 1)) * 255);
    else {
      of[i] = v;
      counts[v]!++;
    }
  }
  const order = names.map((_, i) => i).sort((a, b) => counts[b]! - counts[a]! || a - b);
  return { name: column.name, kind: column.kind, of, names, counts, order, low: column.low, high: column.high };
}

/** A share a point, 0..255, as a way to colour. */
export function share(name: string, given: Uint8Array): Shade {
  return { name, kind: "number", of: Int16Array.from(given), names: [], counts: [], order: [], low: 0, high: 1 };
}

const COMMON = 8; // of many classes so many have a colour: the ninth is too near to the grey of the rest

/** The colour of each class: the commonest have one, the rest are grey. With up to ten classes all are told apart. */
export function classColours(s: Shade): string[] {
  if (s.kind === "outcome") return [WRONG, RIGHT];
  const found = new Array<string>(s.names.length).fill(NO_CLASS);
  // Few classes keep their own order, so that the same class has the same colour in every map of the data set.
  const few = s.names.length <= CLASSES.length + 1;
  const order = few ? s.names.map((_, i) => i) : s.order.slice(0, COMMON);
  order.slice(0, CLASSES.length).forEach((c, i) => (found[c] = CLASSES[i]!));
  return found;
}

const FAINT = 26;

/** (N, 4) uint8. chosen: points that stand out (1) while the others fade; all where it is null. */
export function paint(s: Shade | null, count: number, dark: boolean, chosen: Uint8Array | null): Uint8Array {
  const out = new Uint8Array(4 * count);
  const table: Rgb[] = s === null ? [] : s.kind === "number" ? scale(dark) : classColours(s).map(rgb);
  const none = rgb(s === null ? CLASSES[0] : NO_CLASS);
  for (let i = 0; i < count; i++) {
    const c = s === null ? none : (table[s.of[i]!] ?? none);
    const unknown = s !== null && s.of[i]! < 0;
    out[4 * i] = c[0];
    out[4 * i + 1] = c[1];
    out[4 * i + 2] = c[2];
    out[4 * i + 3] = chosen !== null && !chosen[i] ? FAINT : unknown ? 90 : 225;
  }
  return out;
}
