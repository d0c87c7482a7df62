// What can be said of a unit in numbers.
import type { LayerUnits, PhotographPage, Unit, Window } from "../../generated/document";
import type { Speech } from "../../i18n";
import { size } from "../network/layers";
import type { Route } from "../../core/routes";

/** The address of a unit; the rule is named only where a layer was projected by several. */
export function unitRoute(photograph: PhotographPage, layer: LayerUnits, unit: Unit): Route {
  const same = photograph.layers.filter((l) => l.layer === layer.layer);
  const route = { page: "unit", image: photograph.id, layer: layer.layer, unit: unit.unit } as const;
  return same.length > 1 && same[0] !== layer ? { ...route, rule: layer.rule } : route;
}

export function findUnit(photograph: PhotographPage, name: string, unit: number, rule?: string) {
  const layer = photograph.layers.find((l) => l.layer === name && (!rule || l.rule === rule));
  const found = layer?.units.find((u) => u.unit === unit);
  return layer && found ? { layer, unit: found } : undefined;
}

/** Layers in order; a layer that was projected by several rules is one group, its first rule first. */
export function layerGroups(photograph: PhotographPage): LayerUnits[][] {
  const groups = new Map<string, LayerUnits[]>();
  for (const layer of photograph.layers) groups.set(layer.layer, [...(groups.get(layer.layer) ?? []), layer]);
  return [...groups.values()];
}

/** The same unit as the other rules project it. */
export function otherRules(variants: LayerUnits[], layer: LayerUnits, unit: number): { layer: LayerUnits; unit: Unit }[] {
  return variants.flatMap((other) => {
    const found = other === layer ? undefined : other.units.find((u) => u.unit === unit);
    return found ? [{ layer: other, unit: found }] : [];
  });
}

export const span = (w: Window) => ({ width: Math.round(w.right - w.left), height: Math.round(w.bottom - w.top) });

/** How much of the input a layer's units see. */
export function field(layer: LayerUnits, photograph: PhotographPage, { t }: Speech, short = false): string {
  const seen = layer.receptive_field;
  if (!seen?.length) return "";
  const whole = seen.every((n, axis) => n >= (axis === 0 ? photograph.seen.height : photograph.seen.width));
  if (short) return whole ? t("units.whole") : t("units.px", { size: size(seen, true) });
  return whole ? t("units.field.all") : t("units.field", { size: size(seen) });
}

// `cut` says that only the receptive field was computed: faster, not different.
const SAID = ["rule", "rectifiers", "kinds", "left", "switches", "cut"];

/** The fidelity note: how many rectifiers were on the way, of which kinds, and what was left alone. */
export function fidelity(note: LayerUnits["fidelity"], { t }: Speech): string {
  const names = (value: unknown) => (value !== null && typeof value === "object" ? Object.keys(value).join(", ") : "");
  const kinds = names(note.kinds);
  const left = names(note.left);
  const said: string[] = [];
  if (typeof note.rectifiers === "number")
    said.push(t(note.rectifiers === 1 ? "fidelity.rectifier" : "fidelity.rectifiers", { n: note.rectifiers }) + (kinds && ` (${kinds})`));
  if (said.length || left) said.push(left ? t("fidelity.left", { what: left }) : t("fidelity.all"));
  if (typeof note.switches === "number" && note.switches > 0) said.push(t("fidelity.switches", { n: note.switches }));
  // Without max-pooling nothing in the DeconvNet's way back depends on the photograph.
  if (note.switches === 0 && note.rule === "deconvnet" && note.rectifiers) said.push(t("fidelity.noswitches"));
  for (const [name, value] of Object.entries(note))
    if (!SAID.includes(name) && value !== null && value !== "") said.push(`${name} ${plain(value)}`);
  return said.join(" · ");
}

export function plain(value: unknown): string {
  if (Array.isArray(value)) return value.map(plain).join(", ");
  if (value !== null && typeof value === "object")
    return Object.entries(value)
      .map(([k, v]) => `${k} ${plain(v)}`)
      .join(", ");
  return String(value);
}
