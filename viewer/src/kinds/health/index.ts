import { page } from "../../core/pages";
import { later } from "../../core/piece";
import { address } from "../../core/routes";
import { Diagnoses } from "./listed";
import "./health.css";

const at = address("health/:survey");
declare module "../../core/routes" {
  interface Pages {
    health: typeof at;
  }
}

page("health", {
  order: 100,
  address: at,
  title: "survey.health",
  view: later("health", () => import("./page")),
  data: ({ overview, route: { survey: id }, read }) => {
    if (!overview.surveys.some((card) => card.id === id)) return id;
    const survey = read("survey", id);
    return survey.health ? { survey, health: read("survey_health", id) } : id;
  },
  overview: { first: Diagnoses },
});
