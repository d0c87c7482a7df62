// Names that Deepro gave, in the reader's language. What the reader named keeps its name.
import type { Speech } from "../../i18n";

const SERIES = /^(.+?) (above median|rising|time since rise|phase cosine|phase sine|regime)$/;

export function trackName({ maybe, t }: Speech, name: string): string {
  const series = SERIES.exec(name);
  if (!series) return maybe(`track.${name}`, maybe(`group.${name}`, name));
  const [, feature = "", what = ""] = series;
  const [, stem = feature, number = ""] = /^(input|output)(?: (\d+))?$/.exec(feature) ?? [];
  return t("track.of", { feature: maybe(`track.${stem}`, stem) + (number && ` ${number}`), what: maybe(`track.${what}`, what) });
}

const numbered = (text: string, kind: "class" | "sequence") => new RegExp(`^${kind} (\\d+)$`).exec(text)?.[1];

/** An output: its label, or its number where it has none. */
export function outputName({ t }: Speech, label: string): string {
  const number = numbered(label, "class");
  return number === undefined ? label : t("output.number", { n: number });
}

/** A sequence: its name, or its number where it has none. */
export function sequenceName({ t }: Speech, name: string): string {
  const number = numbered(name, "sequence");
  return number === undefined ? name : t("sequence.number", { n: number });
}
