import { page } from "../../core/pages";
import { later } from "../../core/piece";
import { address } from "../../core/routes";
import { Experiments } from "./cards";
import "./experiment.css";

const at = address("experiment/:experiment");
declare module "../../core/routes" {
  interface Pages {
    experiment: typeof at;
  }
}

page("experiment", {
  order: 110,
  address: at,
  title: "experiments",
  view: later("experiment", () => import("./page")),
  data: ({ overview, route: { experiment: id }, read }) => (overview.experiments.some((card) => card.id === id) ? { experiment: read("experiment", id) } : id),
  overview: { list: Experiments },
  shows: ({ experiments }, record, { maybe }) => {
    const card = experiments.find((one) => one.record === record);
    return card && { name: maybe(`experiment.${card.kind}`, card.kind), to: { page: "experiment", experiment: card.id } };
  },
});
