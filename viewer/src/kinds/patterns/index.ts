import { page } from "../../core/pages";
import { address } from "../../core/routes";
import { Patterns } from "./listed";
import { PatternsPage } from "./page";
import "./patterns.css";

const at = address("patterns/:record?/:target#?");
declare module "../../core/routes" {
  interface Pages {
    patterns: typeof at;
  }
}

page("patterns", {
  order: 120,
  address: at,
  title: "patterns",
  view: PatternsPage,
  data: ({ route: { record, target } }) => ({ record, target }),
  nav: { word: "patterns", to: ({ patterns }) => (patterns.length ? { page: "patterns" } : undefined) },
  overview: {
    lead: ({ patterns }, { t }) => {
      const n = patterns.reduce((sum, set) => sum + set.images.length, 0);
      return n > 0 && t(n === 1 ? "overview.patterns.one" : "overview.patterns.many", { n });
    },
    list: Patterns,
  },
  shows: ({ patterns }, record, { t }) => (patterns.some((set) => set.record === record) ? { name: t("patterns"), to: { page: "patterns" } } : undefined),
});
