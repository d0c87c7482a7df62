import { page } from "../../core/pages";
import { later } from "../../core/piece";
import { address } from "../../core/routes";
import "./map.css";

const at = address("map/:map", "step# colour point#");
declare module "../../core/routes" {
  interface Pages {
    map: typeof at;
  }
}

page("map", {
  order: 140,
  address: at,
  title: "nav.maps",
  view: later("map", () => import("./page")),
  data: ({ overview, route: { map }, read }) => (overview.maps.some((card) => card.id === map) ? { page: read("map", map) } : map),
  shows: ({ maps }, record) => {
    const card = maps.find((one) => one.record === record);
    return card && { name: card.steps[0] ?? card.id, to: { page: "map", map: card.id } };
  },
});
