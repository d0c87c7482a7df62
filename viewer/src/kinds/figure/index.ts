import { page } from "../../core/pages";
import { later } from "../../core/piece";
import { address } from "../../core/routes";
import { figureOf } from "./kinds";
import "./figure.css";

const at = address("figure/:record");
declare module "../../core/routes" {
  interface Pages {
    figure: typeof at;
  }
}

page("figure", {
  order: 210,
  address: at,
  title: "nav.sequences",
  view: later("figure", () => import("./page")),
  data: ({ overview, route: { record }, read }) => {
    const result = overview.sequence_results.find((one) => one.id === record);
    figureOf(result?.kind ?? "")?.view.load();
    return result ? { page: read("figure", record) } : record;
  },
});
