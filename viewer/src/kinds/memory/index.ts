import { page } from "../../core/pages";
import { later } from "../../core/piece";
import { address } from "../../core/routes";
import "./memory.css";

const at = address("memory/:record");
declare module "../../core/routes" {
  interface Pages {
    memory: typeof at;
  }
}

page("memory", {
  order: 200,
  address: at,
  title: "nav.memory",
  view: later("memory", () => import("./page")),
  data: ({ overview, route: { record }, read }) => (overview.sequence_results.some((one) => one.kind === "memory" && one.id === record) ? { page: read("memory", record) } : record),
  result: {
    command: "deepro trace MODEL FILE --out WORKSPACE --also memory",
    told: (facts, { t }) => (facts.reach === null ? "" : t(facts.censored ? "memory.lead.least" : "memory.lead", { reach: Number(facts.reach ?? 0) })),
  },
});
