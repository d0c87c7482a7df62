import { page } from "../../core/pages";
import { findLayers } from "../network/find";
import { later } from "../../core/piece";
import { address } from "../../core/routes";

const at = address("unit/:layer/:unit#", "network");
declare module "../../core/routes" {
  interface Pages {
    neuron: typeof at;
  }
}

page("neuron", {
  order: 60,
  address: at,
  title: "units",
  view: later("neuron", () => import("./page")),
  data: ({ overview, route: { network: wanted = "", layer, unit } }) => {
    const network = overview.networks.find((one) => one.id.startsWith(wanted) && one.layers.some((row) => row.name === layer));
    const units = network?.layers.find((row) => row.name === layer)?.units ?? 0;
    return network && unit < units ? { network, layer, unit } : network ? `${layer} · ${unit} (0–${units - 1})` : layer;
  },
  search: findLayers,
});
