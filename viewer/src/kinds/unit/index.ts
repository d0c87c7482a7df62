import { page } from "../../core/pages";
import { later } from "../../core/piece";
import { address } from "../../core/routes";
import { isLive } from "../../core/source";
import { findUnit } from "../image/units";
import "./unit.css";

const at = address("image/:image/:layer/:unit#", "rule");
declare module "../../core/routes" {
  interface Pages {
    unit: typeof at;
  }
}

page("unit", {
  order: 40,
  address: at,
  title: "units",
  view: later("unit", () => import("./page")),
  data: ({ overview, route: { image, layer, unit, rule }, read }) => {
    if (!isLive && !overview.photographs.some((card) => card.id === image)) return image;
    const photograph = read("photograph", image);
    const found = findUnit(photograph, layer, unit, rule);
    return found ? { photograph, ...found } : `${layer} · ${unit}`;
  },
});
