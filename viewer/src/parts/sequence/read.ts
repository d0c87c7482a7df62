// What was read, as lanes over places: tokens, the lines of a series, its sheet, or a sound.
import type { ReadView } from "../../generated/document";
import type { Speech } from "../../i18n";
import { extent, unpack } from "../../core/values";
import type { Palette } from "./colours";
import { along, characters, divided, heatmap, waveform } from "./lanes";
import type { Lane, View } from "./timeline";
import { visible } from "./tokens";

type Read = Pick<ReadView, "steps" | "tokens" | "lines" | "sheet" | "sound">;

/** How wide a place is drawn, so that its token can be read and a short sequence fills `room`. */
export function widthOf(read: Read, room: number): number {
  const longest = Math.max(1, ...read.tokens.slice(0, 2000).map((token) => visible(token).length));
  const least = read.tokens.length ? Math.min(90, 8 * longest + 8) : 1;
  return Math.max(least, Math.min(46, Math.floor(room / Math.max(1, read.steps))), 1);
}

/** A step as words: its number, and its token where there is one. */
export const stepName = (step: number, token: string | undefined, { t }: Speech) => (token === undefined ? t("sequence.step", { step }) : t("step.token", { step, token: visible(token) }));

export const placeName = (read: Read, place: number, speech: Speech) => stepName(place, read.tokens[place], speech);

export function readLanes(read: Read, palette: Palette, { t, number }: Speech): Lane[] {
  const lanes: Lane[] = [];
  const { steps } = read;
  if (read.tokens.length)
    lanes.push({ key: "tokens", label: t("sequence.read"), height: 20, alt: t("sequence.read"), draw: (view) => characters(view, (step) => visible(read.tokens[step] ?? "")) });
  for (const line of read.lines) {
    const values = unpack(line.values) as Float32Array;
    const [low, high] = extent(values);
    const label = `${t("sequence.input")} ${line.name}`;
    lanes.push({
      key: `line-${line.name}`,
      label: t("read.range", { name: label, low: number(low), high: number(high) }),
      height: 54,
      alt: t("read.range", { name: label, low: number(low), high: number(high) }),
      draw: (view: View) => along(view, values, steps, low, high, 54, palette.ink),
    });
  }
  if (read.sheet) {
    const { values, low, high } = read.sheet;
    const bytes = unpack(values) as Uint8Array;
    const [rows, columns] = [values.shape[0] ?? 1, values.shape[1] ?? 1];
    const topDown = Array.from({ length: rows }, (_, i) => rows - 1 - i);
    const label = t("read.sheet", { n: rows, low: number(low), high: number(high) });
    const height = Math.max(60, Math.min(200, rows * 3));
    lanes.push({
      key: "sheet",
      label,
      height,
      alt: label,
      draw: (view) => heatmap(divided(view, columns, steps), topDown, (row, step) => bytes[row * columns + step] ?? 0, palette.share, height),
    });
  }
  if (read.sound) {
    const { sound } = read;
    const envelope = unpack(sound.envelope) as Float32Array;
    const power = unpack(sound.spectrogram) as Uint8Array;
    const bands = sound.spectrogram.shape[0] ?? 1;
    const topDown = Array.from({ length: bands }, (_, i) => bands - 1 - i);
    const label = t("sequence.spectrogram", { high: number(sound.highest / 1000) });
    lanes.push(
      { key: "waveform", label: t("sequence.waveform"), height: 60, alt: t("sequence.waveform"), draw: (view) => waveform(view, envelope, sound.envelope.shape[1] ?? 4, 60, palette) },
      { key: "spectrogram", label, height: 96, alt: label, draw: (view) => heatmap(view, topDown, (row, step) => power[row * steps + step] ?? 0, palette.share, 96) },
    );
  }
  return lanes;
}
