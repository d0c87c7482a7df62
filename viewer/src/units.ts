// What can be said of a unit in numbers.
import type { LayerUnits, Photograph, Unit, Window } from "./document";
import type { Speech } from "./i18n";
import { size } from "./layers";
import type { Route } from "./routes";

/** The address of a unit; the rule is named only where a layer was projected by several. */
export function unitRoute(photograph: Photograph, layer: LayerUnits, unit: Unit): Route {
  const same = photograph.layers.filter((l) => l.layer === layer.layer);
  const route = { page: "unit", image: photograph.id, layer: layer.layer, unit: unit.unit } as const;
  return same.length > 1 && same[0] !== layer ? { ...route, rule: layer.rule } : route;
}

export function findUnit(photograph: Photograph, name: string, unit: number, rule?: string) {
  const layer = photograph.layers.find((l) => l.layer === name && (!rule || l.rule === rule));
  const found = layer?.units.find((u) => u.unit === unit);
  return layer && found ? { layer, unit: found } : undefined;
}

export const span = (w: Window) => ({ width: Math.round(w.right - w.left), height: Math.round(w.bottom - w.top) });

/** How much of the input a layer's units see. */
export function field(layer: LayerUnits, photograph: Photograph, { t }: Speech): string {
  const seen = layer.receptive_field;
  if (!seen?.length) return "";
  const whole = seen.every((n, axis) => n >= (axis === 0 ? photograph.seen.height : photograph.seen.width));
  return whole ? t("units.field.all") : t("units.field", { size: size(seen) });
}

/** The fidelity note: how many rectifiers, by which rule, what was left alone. */
export function fidelity(note: LayerUnits["fidelity"], { t, integer }: Speech): [string, string][] {
  const said: [string, string][] = [];
  for (const [name, value] of Object.entries(note)) {
    if (value === null || value === "" || (Array.isArray(value) && value.length === 0)) continue;
    if (name === "rectifiers" && typeof value === "number") said.push([name, t("fidelity.rectifiers", { n: value })]);
    else said.push([name, typeof value === "number" ? integer(value) : plain(value)]);
  }
  return said;
}

export function plain(value: unknown): string {
  if (Array.isArray(value)) return value.map(plain).join(", ");
  if (value !== null && typeof value === "object")
    return Object.entries(value)
      .map(([k, v]) => `${k} ${plain(v)}`)
      .join(", ");
  return String(value);
}
