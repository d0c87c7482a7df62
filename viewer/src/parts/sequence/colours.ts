// Numbers to colours on canvases, in the reader's theme: blue below zero, orange above, the page's own paper at zero.
// Blue and orange differ for every kind of colour blindness; lightness alone tells the size.

import { SIGNS } from "../../generated/tables";
import { rgb, type Rgb } from "../colours";

const LIGHT = { paper: [248, 247, 244], ink: "#1b1e22", quiet: "#5c636b", line: "#d5d1c7", accent: "#0a665e" } as const;
const DARK = { paper: [18, 20, 23], ink: "#e9e7e2", quiet: "#a1a7ae", line: "#363b42", accent: "#63cbbd" } as const;

export interface Palette {
  paper: Rgb;
  ink: string;
  quiet: string;
  line: string;
  accent: string;
  low: string;
  high: string;
  /** 256 colours as 0xAABBGGRR: byte 128 is zero, 1 the lowest, 255 the highest. */
  signed: Uint32Array;
  /** The same, paler: text stays legible on it. */
  behind: Uint32Array;
  /** Byte 0 is nothing (paper), 255 all. */
  share: Uint32Array;
}

const made = new Map<boolean, Palette>();

export function palette(dark: boolean): Palette {
  const known = made.get(dark);
  if (known) return known;
  const base = dark ? DARK : LIGHT;
  const signs = SIGNS[dark ? "dark" : "light"];
  const [low, high] = [rgb(signs.below), rgb(signs.above)];
  const signed = (strength: number) =>
    table((byte) => {
      const value = Math.max(-1, Math.min(1, (byte - 128) / 127));
      return mix(base.paper, value < 0 ? low : high, Math.abs(value) ** 0.8 * strength);
    });
  const palette: Palette = {
    paper: base.paper,
    ink: base.ink,
    quiet: base.quiet,
    line: base.line,
    accent: base.accent,
    low: signs.below,
    high: signs.above,
    signed: signed(1),
    behind: signed(dark ? 0.5 : 0.55),
    share: table((byte) => mix(base.paper, high, (byte / 255) ** 0.8)),
  };
  made.set(dark, palette);
  return palette;
}

function mix(from: Rgb, to: Rgb, share: number): Rgb {
  const one = (i: 0 | 1 | 2) => Math.round(from[i] + (to[i] - from[i]) * share);
  return [one(0), one(1), one(2)];
}

function table(colour: (byte: number) => Rgb): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    const [r, g, b] = colour(byte);
    return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
  });
}

/** A CSS gradient of a table, for legends. */
export function gradient(colours: Uint32Array, from: number): string {
  const stops = Array.from({ length: 9 }, (_, i) => {
    const colour = colours[Math.round(from + ((255 - from) * i) / 8)] ?? 0;
    return `rgb(${colour & 255} ${(colour >> 8) & 255} ${(colour >> 16) & 255})`;
  });
  return `linear-gradient(90deg, ${stops.join(", ")})`;
}
