import { page } from "../../core/pages";
import { later } from "../../core/piece";
import { address } from "../../core/routes";
import "./atlas.css";

const at = address("atlas/:atlas");
declare module "../../core/routes" {
  interface Pages {
    atlas: typeof at;
  }
}

page("atlas", {
  order: 150,
  address: at,
  title: "nav.maps",
  view: later("atlas", () => import("./page")),
  data: ({ overview, route: { atlas }, read }) => (overview.atlases.some((card) => card.id === atlas) ? { page: read("atlas", atlas) } : atlas),
  shows: ({ atlases }, record, { t }) => {
    const card = atlases.find((one) => one.record === record);
    return card && { name: t("method.atlas"), to: { page: "atlas", atlas: card.id } };
  },
});
