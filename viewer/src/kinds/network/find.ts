// Layers and units by name. What was surveyed is seen with its examples, another layer in the table.
import { fit } from "../../core/fit";
import type { Found, Query } from "../../core/pages";

type Fitting = Found & { fit: number };

export function findLayers({ text, words, overview }: Query): Fitting[] {
  const unit = /^(.+?)\s*[#:]\s*(\d+)$/.exec(text);
  const n = Number(unit?.[2]);
  return overview.networks.flatMap((network) =>
    network.layers.flatMap((row): Fitting[] => {
      const layer = row.name;
      const more = [row.kind, overview.networks.length > 1 ? network.name : ""].filter(Boolean).join(" · ");
      const survey = overview.surveys?.find((card) => card.network === network.fingerprint && card.names.includes(layer))?.id;
      const id = network.id.slice(0, 16);
      const found: Fitting = { kind: "layer", text: layer, more, route: survey ? { page: "survey-layer", survey, layer } : { page: "network", network: id, find: layer }, fit: fit(layer, words) };
      if (!unit || n >= row.units) return [found];
      const route: Found["route"] = survey ? { page: "survey-unit", survey, layer, unit: n } : { page: "neuron", network: id, layer, unit: n };
      return [{ kind: "unit", text: `${layer} # ${n}`, more, route, fit: fit(layer, (unit[1] ?? "").split(/\s+/)) }, found];
    }),
  );
}
