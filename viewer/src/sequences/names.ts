// Names of annotations in the reader's language. Those that the reader brought keep their own.
import type { Speech } from "../i18n";

const SERIES = /^(.+?) (above median|rising|time since rise|phase cosine|phase sine|regime)$/;

export function trackName({ maybe, t }: Speech, name: string): string {
  const series = SERIES.exec(name);
  if (!series) return maybe(`track.${name}`, maybe(`group.${name}`, name));
  const [, feature = "", what = ""] = series;
  const [, stem = feature, number = ""] = /^(input|output)(?: (\d+))?$/.exec(feature) ?? [];
  return t("track.of", { feature: maybe(`track.${stem}`, stem) + (number && ` ${number}`), what: maybe(`track.${what}`, what) });
}
