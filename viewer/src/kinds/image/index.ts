import { fit } from "../../core/fit";
import { page } from "../../core/pages";
import { later } from "../../core/piece";
import { address } from "../../core/routes";
import { isLive } from "../../core/source";
import { Photographs } from "./listed";
import "./image.css";

const at = address("image/:image", "region#");
declare module "../../core/routes" {
  interface Pages {
    image: typeof at;
  }
}

page("image", {
  order: 30,
  address: at,
  title: "photographs",
  view: later("image", () => import("./page")),
  // A live server may have a page that the overview does not know of yet.
  data: ({ overview, route: { image, region = 0 }, read }) => (isLive || overview.photographs.some((card) => card.id === image) ? { photograph: read("photograph", image), region } : image),
  served: "photograph",
  overview: {
    lead: ({ photographs: { length: n } }, { t }) => n > 0 && t(n === 1 ? "overview.lead.one" : "overview.lead.many", { n }),
    data: ({ photographs }, { t }) => {
      const labels = new Set(photographs.flatMap((card) => (card.best ? [card.best.label] : [])));
      return photographs.length ? [[t("photographs"), t("overview.data.photographs", { n: photographs.length, labels: labels.size })]] : [];
    },
    list: Photographs,
  },
  search: ({ overview, words }) =>
    overview.photographs.map((card) => ({
      kind: "photograph",
      text: card.name,
      more: card.best?.label ?? "",
      route: { page: "image", image: card.id },
      fit: Math.max(fit(card.name, words), card.best ? fit(card.best.label, words) - 0.5 : 0),
    })),
});
