import { page } from "../../core/pages";
import { address } from "../../core/routes";
import { OverviewPage } from "./page";
import "./overview.css";

const at = address("");
declare module "../../core/routes" {
  interface Pages {
    overview: typeof at;
  }
}

page("overview", {
  order: 10,
  address: at,
  view: OverviewPage,
  nav: { word: "nav.overview", to: () => ({ page: "overview" }) },
});
