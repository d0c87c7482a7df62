import { page } from "../../core/pages";
import { later } from "../../core/piece";
import { address } from "../../core/routes";
import { isLive } from "../../core/source";
import { Working } from "./working";

const at = address("jobs");
declare module "../../core/routes" {
  interface Pages {
    jobs: typeof at;
  }
}

page("jobs", {
  order: 240,
  address: at,
  title: "nav.jobs",
  view: later("jobs", () => import("./page")),
  data: () => (isLive ? {} : "jobs"),
  nav: { word: "nav.jobs", to: () => (isLive ? { page: "jobs" } : undefined), more: Working },
});
