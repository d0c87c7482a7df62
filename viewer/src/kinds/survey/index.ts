import { page } from "../../core/pages";
import { later } from "../../core/piece";
import { address } from "../../core/routes";
import { Surveys } from "./cards";
import "./survey.css";

const at = address("survey/:survey");
declare module "../../core/routes" {
  interface Pages {
    survey: typeof at;
  }
}

page("survey", {
  order: 70,
  address: at,
  title: "units",
  view: later("survey", () => import("./page")),
  data: ({ overview, route: { survey }, read }) => (overview.surveys.some((card) => card.id === survey) ? { survey: read("survey", survey) } : survey),
  nav: { word: "units", to: ({ surveys: [first] }) => first && { page: "survey", survey: first.id } },
  overview: {
    lead: ({ surveys: { length: n } }, { t }) => n > 0 && t(n === 1 ? "overview.survey.one" : "overview.survey.many", { n }),
    data: ({ surveys }, { t }) =>
      surveys.map((card) => [card.dataset, t(card.classes ? "overview.data.survey" : "overview.data.unlabelled", { images: card.images, classes: card.classes ?? 0 })]),
    list: Surveys,
  },
  shows: ({ surveys }, record, { t }) => {
    const card = surveys.find((one) => one.records.includes(record));
    return card && { name: t("units"), to: { page: "survey", survey: card.id } };
  },
});
