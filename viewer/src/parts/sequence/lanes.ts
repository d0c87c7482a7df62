// What the lanes of a timeline draw. Each takes what is in sight and draws that alone.
import type { Palette } from "./colours";
import type { Guesses } from "./states";
import type { View } from "./timeline";

const FONT = '12.5px ui-monospace, "SF Mono", "Cascadia Mono", Menlo, "DejaVu Sans Mono", monospace';

/** Where the last step in sight ends: beyond it there is nothing. */
const end = (view: View) => Math.min(view.width, x(view, view.last));

const x = (view: View, step: number) => (step - view.first) * view.px - view.shift;

/** One sign a step, in the middle of its column. Columns too narrow to read are left out. */
export function characters(view: View, at: (step: number) => string): void {
  const { context, px, palette } = view;
  if (px < 8) return;
  write(context, palette.ink);
  for (let step = view.first; step < view.last; step++) context.fillText(at(step), x(view, step) + px / 2, 10, px * 1.4);
}

function write(context: CanvasRenderingContext2D, colour: string): void {
  context.font = FONT;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = colour;
}

/** The most probable next tokens, one under the other, the surer the stronger the ground. */
export function guesses(view: View, piece: (step: number) => Guesses | null, sign: (token: number) => string, line: number): void {
  const { context, px, palette } = view;
  write(context, palette.ink);
  for (let step = view.first; step < view.last; step++) {
    const made = piece(step);
    if (!made) continue;
    for (let k = 0; k < made.width; k++) {
      const place = (step - made.first) * made.width + k;
      const share = made.shares[place] ?? 0;
      context.fillStyle = rgb(palette.behind[128 + (share >> 1)] ?? 0);
      context.fillRect(x(view, step), k * line, px, line - 1);
      if (px < 8 || share < 3) continue;
      context.fillStyle = palette.ink;
      context.fillText(sign(made.tokens[place] ?? 0), x(view, step) + px / 2, k * line + line / 2, px * 1.4);
    }
  }
}

export function bars(view: View, value: (step: number) => number, high: number, height: number, colour: string): void {
  const { context, px, palette } = view;
  context.fillStyle = palette.line;
  context.fillRect(0, height - 1, end(view), 1);
  context.fillStyle = colour;
  for (let step = view.first; step < view.last; step++) {
    const size = value(step);
    if (size > 0) {
      const tall = Math.min(1, size / high) * (height - 2);
      context.fillRect(x(view, step) + (px > 3 ? 1 : 0), height - 1 - tall, Math.max(1, px - (px > 3 ? 2 : 0)), tall);
    }
  }
}

/** Bars up for what is above zero and down for what is below, ± `high` at the ends. */
export function signedBars(view: View, value: (step: number) => number, high: number, height: number): void {
  const { context, px, palette } = view;
  const middle = height / 2;
  for (let step = view.first; step < view.last; step++) {
    const size = Math.max(-1, Math.min(1, value(step) / (high || 1))) * (middle - 1);
    if (Number.isNaN(size)) continue;
    context.fillStyle = size > 0 ? palette.high : palette.low;
    context.fillRect(x(view, step) + (px > 3 ? 1 : 0), size > 0 ? middle - size : middle, Math.max(1, px - (px > 3 ? 2 : 0)), Math.abs(size));
  }
  context.fillStyle = palette.quiet;
  context.fillRect(0, middle - 0.5, end(view), 1);
}

/** The view of what has `count` steps of its own along the same `steps` places. */
export function divided(view: View, count: number, steps: number): View {
  const px = (steps * view.px) / count;
  const from = view.first * view.px + view.shift;
  const first = Math.floor(from / px);
  return { ...view, px, first, last: Math.min(count, Math.ceil((from + view.width) / px) + 1), shift: from - first * px };
}

/** `values` laid evenly along `steps` places, however many they are: of those that share a pixel, lowest to highest. */
export function along(view: View, values: Float32Array, steps: number, low: number, high: number, height: number, colour: string): void {
  const { context, palette } = view;
  const each = (steps * view.px) / values.length;
  if (each >= 2) return curve(divided(view, values.length, steps), (step) => values[step] ?? null, low, high, height, colour);
  const y = (v: number) => 2 + (height - 4) * (1 - (v - low) / (high - low || 1));
  context.fillStyle = palette.line;
  context.fillRect(0, y(low < 0 && high > 0 ? 0 : low), end(view), 1);
  context.fillStyle = colour;
  const from = view.first * view.px + view.shift;
  for (let column = 0; column < end(view); column++) {
    const [start, stop] = [Math.floor((from + column) / each), Math.max(Math.floor((from + column) / each) + 1, Math.floor((from + column + 1) / each))];
    let [lowest, highest] = [Infinity, -Infinity];
    for (let i = start; i < Math.min(stop, values.length); i++) {
      lowest = Math.min(lowest, values[i] ?? 0);
      highest = Math.max(highest, values[i] ?? 0);
    }
    if (lowest <= highest) context.fillRect(column, y(highest) - 0.5, 1, Math.max(1, y(lowest) - y(highest) + 1));
  }
}

/** A curve between low and high with a line at zero, where zero lies within. */
export function curve(view: View, value: (step: number) => number | null, low: number, high: number, height: number, colour: string): void {
  const { context, px, palette } = view;
  const y = (v: number) => 2 + (height - 4) * (1 - (v - low) / (high - low || 1));
  context.fillStyle = palette.line;
  for (const v of low < 0 && high > 0 ? [0] : [low]) context.fillRect(0, y(v), end(view), 1);
  context.strokeStyle = colour;
  context.lineWidth = 1.5;
  context.lineJoin = "round";
  context.beginPath();
  let drawing = false;
  for (let step = Math.max(0, view.first - 1); step < view.last; step++) {
    const v = value(step);
    if (v === null || Number.isNaN(v)) {
      drawing = false;
      continue;
    }
    const place = x(view, step) + px / 2;
    if (drawing) context.lineTo(place, y(v));
    else context.moveTo(place, y(v));
    drawing = true;
  }
  context.stroke();
}

/** A band where an annotation is on; hatched where it is not known. */
export function marks(view: View, mark: (step: number) => number, height: number): void {
  const { context, px, palette } = view;
  context.fillStyle = palette.line;
  context.fillRect(0, height / 2, end(view), 1);
  for (let step = view.first; step < view.last; step++) {
    const on = mark(step);
    if (on === 0) continue;
    context.fillStyle = on === 1 ? palette.accent : palette.line;
    context.fillRect(x(view, step), on === 1 ? 2 : height / 2 - 2, Math.max(1, px), on === 1 ? height - 4 : 4);
  }
}

/** Units down, steps across: one pixel a unit and step, stretched without smoothing. `rows`: which row lies where. */
export function heatmap(view: View, rows: ArrayLike<number>, byte: (row: number, step: number) => number, colours: Uint32Array, height: number): void {
  const [columns, units] = [view.last - view.first, rows.length];
  if (columns < 1 || units < 1) return;
  const pixels = new ImageData(columns, units);
  const out = new Uint32Array(pixels.data.buffer);
  for (let i = 0; i < units; i++) {
    const row = rows[i] ?? 0;
    for (let s = 0; s < columns; s++) out[i * columns + s] = colours[byte(row, view.first + s)] ?? 0;
  }
  const sheet = new OffscreenCanvas(columns, units);
  sheet.getContext("2d")?.putImageData(pixels, 0, 0);
  view.context.imageSmoothingEnabled = false;
  view.context.drawImage(sheet, x(view, view.first), 0, columns * view.px, height);
}

/** The lowest and highest sample in each part of a step. */
export function waveform(view: View, envelope: Float32Array, parts: number, height: number, palette: Palette): void {
  const { context, px } = view;
  context.fillStyle = palette.line;
  context.fillRect(0, height / 2, end(view), 1);
  context.fillStyle = palette.accent;
  for (let step = view.first; step < view.last; step++) {
    for (let part = 0; part < parts; part++) {
      const place = (step * parts + part) * 2;
      const [low, high] = [envelope[place] ?? 0, envelope[place + 1] ?? 0];
      const top = (height / 2) * (1 - high);
      context.fillRect(x(view, step) + (part * px) / parts, top, Math.max(0.6, px / parts), Math.max(0.8, (height / 2) * (1 - low) - top));
    }
  }
}

/** A frame across the lane around the row of the heatmap that is chosen. */
export function frame(view: View, top: number, tall: number): void {
  view.context.strokeStyle = view.palette.ink;
  view.context.lineWidth = 1;
  view.context.strokeRect(-1, Math.max(0.5, top - 0.5), end(view) + 2, tall + Math.min(1, top));
}

export const rgb = (colour: number) => `rgb(${colour & 255} ${(colour >> 8) & 255} ${(colour >> 16) & 255})`;
