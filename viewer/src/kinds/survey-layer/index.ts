import { page } from "../../core/pages";
import { later } from "../../core/piece";
import { address } from "../../core/routes";
import { surveyed } from "../survey/data";
import "./survey-layer.css";

const at = address("survey/:survey/:layer", "find sort show");
declare module "../../core/routes" {
  interface Pages {
    "survey-layer": typeof at;
  }
}

page("survey-layer", {
  order: 80,
  address: at,
  title: "units",
  view: later("survey-layer", () => import("./page")),
  data: ({ overview, route, read }) => surveyed(overview, route, read),
});
