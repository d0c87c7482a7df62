import { page } from "../../core/pages";
import { later } from "../../core/piece";
import { address } from "../../core/routes";
import { surveyed } from "../survey/data";
import "./survey-unit.css";

const at = address("survey/:survey/:layer/:unit#");
declare module "../../core/routes" {
  interface Pages {
    "survey-unit": typeof at;
  }
}

page("survey-unit", {
  order: 90,
  address: at,
  title: "units",
  view: later("survey-unit", () => import("./page")),
  data: ({ overview, route, read }) => {
    const found = surveyed(overview, route, read);
    if (typeof found === "string") return found;
    return route.unit < found.layer.units ? { ...found, unit: route.unit } : `${route.layer} · ${route.unit}`;
  },
});
