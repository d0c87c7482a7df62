// A heatmap's numbers, read back from its picture: opacity is the value's size, colour its sign. They are drawn anew with
// another threshold or on another's scale, without asking anybody.
import type { HeatLayer } from "../generated/document";
import { TABLES } from "../generated/tables";

/** levels: 0..255 of the scale's end, rows first. negative: where the value speaks against. */
export type Heat = { width: number; height: number; levels: Uint8Array; negative: Uint8Array; signed: boolean; high: number };

const tables = Object.fromEntries(
  Object.entries(TABLES).map(([kind, text]) => [kind, Uint8Array.from(atob(text), (c) => c.charCodeAt(0))]),
) as { [K in keyof typeof TABLES]: Uint8Array };

/** From a picture's RGBA pixels. */
export function decode(pixels: Uint8ClampedArray | Uint8Array, width: number, height: number, signed: boolean, high: number): Heat {
  const levels = new Uint8Array(width * height);
  const negative = new Uint8Array(width * height);
  for (let i = 0; i < levels.length; i++) {
    levels[i] = pixels[4 * i + 3] ?? 0;
    negative[i] = signed && (pixels[4 * i + 2] ?? 0) > (pixels[4 * i] ?? 0) ? 1 : 0;
  }
  return { width, height, levels, negative, signed, high };
}

/** The lowest level that still belongs to the strongest `share` of all pixels. */
export function cutAt(heat: Heat, share: number): number {
  const counts = new Uint32Array(256);
  for (const level of heat.levels) counts[level] = (counts[level] ?? 0) + 1;
  const most = share * heat.levels.length;
  let above = 0;
  for (let level = 255; level > 0; level--) {
    above += counts[level] ?? 0;
    if (above > most) return Math.min(255, level + 1);
  }
  return 1;
}

/** RGBA of the heatmap above `cut`; `high` is the value of the brightest colour. */
export function draw(heat: Heat, cut: number, high: number): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint8ClampedArray(4 * heat.levels.length);
  const factor = heat.high / high;
  const table = heat.signed ? tables.diverging : tables.sequential;
  for (let i = 0; i < heat.levels.length; i++) {
    const level = heat.levels[i] ?? 0;
    if (level < cut) continue;
    const size = Math.min(255, Math.round(level * factor));
    const entry = 3 * (heat.signed ? Math.round(127.5 + (heat.negative[i] ? -0.5 : 0.5) * size) : size);
    out[4 * i] = table[entry] ?? 0;
    out[4 * i + 1] = table[entry + 1] ?? 0;
    out[4 * i + 2] = table[entry + 2] ?? 0;
    out[4 * i + 3] = size;
  }
  return out;
}

const known = new Map<string, Promise<Heat>>();

/** The numbers of a heatmap's picture. */
export function load({ picture, scale }: HeatLayer): Promise<Heat> {
  let found = known.get(picture.source);
  if (!found) {
    found = (async () => {
      const image = new Image();
      image.src = picture.source;
      await image.decode();
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [picture.width, picture.height];
      const context = canvas.getContext("2d", { willReadFrequently: true });
      if (!context) throw new Error("no canvas");
      context.drawImage(image, 0, 0);
      const { data } = context.getImageData(0, 0, picture.width, picture.height);
      return decode(data, picture.width, picture.height, scale.kind === "diverging", scale.high);
    })();
    known.set(picture.source, found);
  }
  return found;
}

/** Opacity, threshold and scale of several heatmaps at once. A slider changes pixels and styles: nothing renders. */
export class Controls {
  opacity = 0.8;
  share = 1;
  common = false;
  private listeners = new Set<() => void>();
  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };
  change(values: Partial<Pick<Controls, "opacity" | "share" | "common">>) {
    Object.assign(this, values);
    for (const listener of this.listeners) listener();
  }
}
