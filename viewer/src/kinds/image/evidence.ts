// What a region's numbers say, in the order in which they convince.
import type { Speech } from "../../i18n";
import { plain } from "./units";

type Weighed = {
  /** What the bars measure. */
  unit: "probability" | "score";
  /** The target under four views of the photograph; the region's own is the one to look at. */
  compared: { label: string; value: number; quiet?: boolean }[];
  /** Every other number. */
  rows: [string, string][];
};

const VIEWS = [
  ["", "evidence.whole"],
  ["_region", "evidence.region"],
  ["_centred", "evidence.centred"],
  ["_without", "evidence.without"],
] as const;

export function weigh(evidence: { [name: string]: unknown }, { t, maybe, number, percent }: Speech): Weighed {
  const numbers = new Map<string, number>();
  const others: [string, string][] = [];
  const named = (name: string) => maybe(`evidence.${name}`, name.replaceAll("_", " "));
  for (const [name, value] of Object.entries(evidence)) {
    const one = Array.isArray(value) && value.length === 1 ? (value[0] as unknown) : value;
    if (typeof one === "number") numbers.set(name, one);
    else if (plain(one ?? "")) others.push([named(name), plain(one)]);
  }
  const unit = numbers.has("probability_region") ? "probability" : "score";
  const compared = numbers.has(`${unit}_region`)
    ? VIEWS.flatMap(([tail, key]) => {
        const value = numbers.get(`${unit}${tail}`);
        return value === undefined ? [] : [{ label: t(key), value, quiet: tail !== "_region" }];
      })
    : [];
  const rows: [string, string][] = [];
  const take = (name: string) => {
    const value = numbers.get(name);
    numbers.delete(name);
    return value;
  };
  const [area, inside, outside, centred] = ["area", "saliency_inside", "saliency_outside", "centred_overlap"].map(take);
  if (area !== undefined) rows.push([t("evidence.area"), percent(area)]);
  if (inside !== undefined && outside !== undefined) rows.push([t("evidence.saliency"), `${number(inside)} / ${number(outside)}`]);
  if (centred !== undefined) rows.push([t("evidence.centred_overlap"), percent(centred)]);
  for (const [name, value] of numbers)
    if (!/^(probability|score)(_|$)/.test(name) || compared.length === 0) rows.push([named(name), number(value)]);
  return { unit, compared, rows: [...rows, ...others] };
}
