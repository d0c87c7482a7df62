// A heatmap's numbers, drawn with any threshold and on any scale, without asking anybody.
import { bytesOf, inflate } from "../core/values";
import type { HeatLayer } from "../generated/document";
import { DIVERGING, SEQUENTIAL } from "../generated/tables";

/** levels: rows first, in steps of the scale, of which `high` is the end: from -127 to 127 where signed, else to 255. */
export type Heat = { width: number; height: number; levels: Int8Array | Uint8Array; high: number };

const [sequential, diverging] = [SEQUENTIAL, DIVERGING].map(bytesOf) as [Uint8Array, Uint8Array];

/** The lowest size of a level that still belongs to the strongest `share` of all pixels. */
export function cutAt({ levels }: Heat, share: number): number {
  const counts = new Uint32Array(256);
  for (const level of levels) counts[Math.abs(level)]! += 1;
  const most = share * levels.length;
  let above = 0;
  for (let size = 255; size > 0; size--) {
    above += counts[size] ?? 0;
    if (above > most) return Math.min(255, size + 1);
  }
  return 1;
}

/** RGBA of the heatmap above `cut`; `high` is the value of the brightest colour. */
export function draw({ levels, high: own }: Heat, cut: number, high: number): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint8ClampedArray(4 * levels.length);
  const signed = levels instanceof Int8Array;
  const step = own / high / (signed ? 127 : 255);
  const table = signed ? diverging : sequential;
  for (let i = 0; i < levels.length; i++) {
    const level = levels[i] ?? 0;
    if (Math.abs(level) < cut) continue;
    const value = Math.max(-1, Math.min(1, level * step));
    const entry = 3 * Math.round(signed ? 127.5 + 127.5 * value : 255 * value);
    out[4 * i] = table[entry] ?? 0;
    out[4 * i + 1] = table[entry + 1] ?? 0;
    out[4 * i + 2] = table[entry + 2] ?? 0;
    out[4 * i + 3] = Math.round(255 * Math.abs(value));
  }
  return out;
}

const known = new WeakMap<HeatLayer, Promise<Heat>>();

/** The numbers of a heatmap. What is read once is remembered. */
export function load(heatmap: HeatLayer): Promise<Heat> {
  const { values, scale } = heatmap;
  const found = known.get(heatmap) ?? inflate(values).then((levels) => ({ width: values.shape[1] ?? 0, height: values.shape[0] ?? 0, levels, high: scale.high }));
  known.set(heatmap, found);
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
