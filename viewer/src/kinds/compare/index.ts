import { page } from "../../core/pages";
import { later } from "../../core/piece";
import { address } from "../../core/routes";

const at = address("compare/:image?/:other?", "left# right#");
declare module "../../core/routes" {
  interface Pages {
    compare: typeof at;
  }
}

page("compare", {
  order: 230,
  address: at,
  title: "nav.compare",
  view: later("compare", () => import("./page")),
  data: ({ route: { image, other, left, right } }) => ({ left: { image, shown: left }, right: { image: other, shown: right } }),
  nav: { word: "nav.compare", to: ({ photographs }) => (photographs.length > 1 ? { page: "compare" } : undefined) },
});
