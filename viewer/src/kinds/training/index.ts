import { fit } from "../../core/fit";
import { page } from "../../core/pages";
import { later } from "../../core/piece";
import { address } from "../../core/routes";
import { TrainingCards } from "./cards";
import "./training.css";

const at = address("training/:training", "beside layer");
declare module "../../core/routes" {
  interface Pages {
    training: typeof at;
  }
}

page("training", {
  order: 115,
  address: at,
  title: "training.title",
  view: later("training", () => import("./page")),
  data: ({ overview, route: { training: id, beside }, read }) =>
    !overview.trainings.some((card) => card.id === id) ? id : { page: read("training", id), ...(beside && overview.trainings.some((card) => card.id === beside) ? { other: read("training", beside) } : {}) },
  overview: {
    lead: ({ trainings: { length: n } }, { t }) => n > 0 && t(n === 1 ? "training.one" : "training.many", { n }),
    list: TrainingCards,
  },
  search: ({ overview, words }) =>
    overview.trainings.map(({ id, run }) => ({ kind: "training", text: run, route: { page: "training", training: id }, fit: fit(run, words) })),
  shows: ({ trainings }, record, { t }) => {
    const card = trainings.find((one) => one.record === record);
    return card && { name: t("training.title"), to: { page: "training", training: card.id } };
  },
});
