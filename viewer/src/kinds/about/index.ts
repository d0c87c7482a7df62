import { page } from "../../core/pages";
import { later } from "../../core/piece";
import { address } from "../../core/routes";

const at = address("about/:record", "image");
declare module "../../core/routes" {
  interface Pages {
    about: typeof at;
  }
}

page("about", {
  order: 250,
  address: at,
  title: "about.title",
  view: later("about", () => import("./page")),
  data: ({ overview, route: { record, image }, read }) => {
    const photograph = overview.photographs.some((card) => card.id === image) ? read("photograph", image ?? "") : undefined;
    const made = photograph?.records[record] ?? overview.records[record];
    return made ? { made, photograph, network: overview.networks.find((one) => one.fingerprint === made.network) } : record;
  },
});
