// Finding, ordering and placing the units of a survey. No pixels are made here: pictures hold many units, pages show parts.
import type { ExampleView, Photo, SurveyLayerPage, SurveyPage, Window } from "../../generated/document";
import { unpack } from "../../core/values";

export const SORTS = ["unit", "maximum", "active", "peaked", "class"] as const;
export type SortBy = (typeof SORTS)[number];
export type Order = { by: SortBy; down: boolean };

export function parseOrder(text: string | undefined): Order {
  const down = text?.startsWith("-") ?? false;
  const by = SORTS.find((s) => s === (down ? text?.slice(1) : text));
  return by ? { by, down } : { by: "unit", down: false };
}

export const writeOrder = ({ by, down }: Order): string | undefined => (by === "unit" && !down ? undefined : `${down ? "-" : ""}${by}`);

export type Column = "maximum" | "mean" | "deviation" | "share_images" | "share_active" | "prefers" | "cell" | "photo";
export const column = (layer: SurveyLayerPage, name: Column) => unpack(layer[name]);

/** How far the largest value stands above the mean, in standard deviations. */
export function peak(layer: SurveyLayerPage, unit: number): number {
  const deviation = column(layer, "deviation")[unit] ?? 0;
  return deviation > 0 ? ((column(layer, "maximum")[unit] ?? 0) - (column(layer, "mean")[unit] ?? 0)) / deviation : 0;
}

/** Units that `find` and `show` leave, in order. find: a unit's number, several, or part of the class that it prefers. */
export function arrangeUnits(layer: SurveyLayerPage, classes: string[], find: string, show: string, order: Order): number[] {
  const wanted = find.trim().toLowerCase();
  const numbers = /^[\d,\s]+$/.test(wanted) ? new Set(wanted.split(/[,\s]+/).filter(Boolean).map(Number)) : undefined;
  const prefers = column(layer, "prefers");
  const name = (unit: number) => classes[prefers[unit] ?? -1] ?? "";
  const cells = column(layer, "cell");
  const sick = show === "faults" ? new Set(Object.values(layer.faults).flat()) : new Set(layer.faults[show] ?? []);
  const kept: number[] = [];
  for (let unit = 0; unit < layer.units; unit++) {
    if (show === "examples" ? (cells[unit] ?? -1) < 0 : show !== "" && !sick.has(unit)) continue;
    if (numbers ? !numbers.has(unit) : wanted !== "" && !name(unit).toLowerCase().includes(wanted)) continue;
    kept.push(unit);
  }
  if (order.by === "class") {
    const collator = new Intl.Collator("en");
    kept.sort((a, b) => collator.compare(name(a), name(b)) || a - b);
  } else if (order.by !== "unit") {
    const value =
      order.by === "peaked"
        ? (unit: number) => peak(layer, unit)
        : (unit: number) => column(layer, order.by === "maximum" ? "maximum" : "share_active")[unit] ?? 0;
    kept.sort((a, b) => value(a) - value(b) || b - a);
  }
  return order.down ? kept.reverse() : kept;
}

/** Where a unit's examples stand: the block, and the window of all of them or of one. */
export function placeOf(layer: SurveyLayerPage, unit: number, rank?: number) {
  const cell = column(layer, "cell")[unit] ?? -1;
  const block = cell < 0 ? undefined : layer.blocks[Math.floor(cell / layer.per_block)];
  if (!block) return undefined;
  const place = cell % layer.per_block;
  const wide = layer.side * layer.across;
  const [x, y] = [(place % layer.columns) * wide, Math.floor(place / layer.columns) * wide];
  if (rank === undefined) return { block, window: { left: x, top: y, right: x + wide, bottom: y + wide } };
  const left = x + (rank % layer.across) * layer.side;
  const top = y + Math.floor(rank / layer.across) * layer.side;
  return { block, window: { left, top, right: left + layer.side, bottom: top + layer.side } };
}

/** The strongest example's photograph and the box in it, as shares. */
export function strongest(survey: SurveyPage, layer: SurveyLayerPage, unit: number) {
  const photo = survey.photos[column(layer, "photo")[unit] ?? -1];
  const [left = 0, top = 0, right = 1, bottom = 1] = unpack(layer.box).subarray(4 * unit, 4 * unit + 4);
  return photo && { photo, box: { left, top, right, bottom } };
}

export const boxOf = (example: ExampleView): Window | null => {
  const [left, top, right, bottom] = example.box ?? [];
  return left === undefined || top === undefined || right === undefined || bottom === undefined ? null : { left, top, right, bottom };
};

/** The square of a photograph on its sheet. */
export function onSheet(survey: SurveyPage, photo: Photo) {
  const picture = survey.sheets[photo.sheet];
  const [left, top] = [(photo.place % survey.columns) * survey.side, Math.floor(photo.place / survey.columns) * survey.side];
  return picture && { picture, window: { left, top, right: left + survey.side, bottom: top + survey.side } };
}

export const faultsOf = (layer: SurveyLayerPage, unit: number): string[] =>
  Object.entries(layer.faults).flatMap(([fault, units]) => (units.includes(unit) ? [fault] : []));
