import { page } from "../../core/pages";
import { later } from "../../core/piece";
import { address } from "../../core/routes";
import "./network.css";

const at = address("network/:network?", "find sort");
declare module "../../core/routes" {
  interface Pages {
    network: typeof at;
  }
}

page("network", {
  order: 20,
  address: at,
  title: "network",
  view: later("network", () => import("./page")),
  data: ({ overview, route: { network: wanted, find = "", sort } }) => {
    const network = overview.networks.find((one) => one.id.startsWith(wanted ?? ""));
    return network ? { network, find, sort, surveys: overview.surveys.filter((one) => one.network === network.fingerprint) } : (wanted ?? "");
  },
  nav: { word: "network", to: ({ networks }) => (networks.length ? { page: "network" } : undefined) },
});
