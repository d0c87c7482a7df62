import { page } from "../../core/pages";
import { later } from "../../core/piece";
import { address } from "../../core/routes";
import "./matches.css";

const at = address("matches/:record");
declare module "../../core/routes" {
  interface Pages {
    matches: typeof at;
  }
}

page("matches", {
  order: 190,
  address: at,
  title: "nav.matches",
  view: later("matches", () => import("./page")),
  data: ({ overview, route: { record }, read }) => (overview.sequence_results.some((one) => one.kind === "matches" && one.id === record) ? { page: read("matches", record) } : record),
  result: {
    command: "deepro match MODEL 40:52 FILES --out WORKSPACE",
    told: (facts, { t }) => t("matches.lead", { count: Number(facts.count ?? 0), steps: Number(facts.steps ?? 0) }),
  },
});
