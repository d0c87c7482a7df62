import { fit } from "../../core/fit";
import { page } from "../../core/pages";
import { later } from "../../core/piece";
import { address } from "../../core/routes";
import { General, kindName } from "./cards";

const at = address("general/:general");
declare module "../../core/routes" {
  interface Pages {
    general: typeof at;
  }
}

page("general", {
  order: 220,
  address: at,
  title: ({ general }) => general,
  view: later("general", () => import("./page")),
  data: ({ overview, route: { general: id }, read }) => (overview.general.some((card) => card.id === id) ? { page: read("general", id) } : id),
  overview: { list: General },
  search: ({ overview, words }) =>
    overview.general.map(({ id, kind, method }) => ({ kind: "general", text: kindName(kind), more: method, route: { page: "general", general: id }, fit: fit(`${kindName(kind)} ${method}`, words) })),
  shows: ({ general }, record) => {
    const card = general.find((one) => one.record === record);
    return card && { name: kindName(card.kind), to: { page: "general", general: card.id } };
  },
});
