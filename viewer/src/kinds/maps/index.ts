import { page } from "../../core/pages";
import { later } from "../../core/piece";
import { address } from "../../core/routes";
import { Maps } from "./cards";

const at = address("maps");
declare module "../../core/routes" {
  interface Pages {
    maps: typeof at;
  }
}

page("maps", {
  order: 130,
  address: at,
  title: "nav.maps",
  view: later("maps", () => import("./page")),
  nav: { word: "nav.maps", to: ({ maps, knowledge, atlases }) => (maps.length + knowledge.length + atlases.length ? { page: "maps" } : undefined) },
  overview: {
    lead: ({ maps: { length: n } }, { t }) => n > 0 && t(n === 1 ? "overview.maps.one" : "overview.maps.many", { n }),
    list: Maps,
  },
  shows: ({ knowledge }, record, { t }) => (knowledge.some((one) => one.record === record) ? { name: t("nav.maps"), to: { page: "maps" } } : undefined),
});
