import { page } from "../../core/pages";
import { later } from "../../core/piece";
import { address } from "../../core/routes";
import { Sequences } from "./lists";
import "./sequences.css";

const at = address("sequences");
declare module "../../core/routes" {
  interface Pages {
    sequences: typeof at;
  }
}

page("sequences", {
  order: 160,
  address: at,
  title: "nav.sequences",
  view: later("sequences", () => import("./page")),
  nav: { word: "nav.sequences", to: (overview) => (overview.sequences.length + overview.sequence_results.length ? { page: "sequences" } : undefined) },
  overview: {
    lead: ({ sequences: { length: n } }, { t }) => n > 0 && t(n === 1 ? "overview.sequences.one" : "overview.sequences.many", { n }),
    data: ({ sequences }, { t, integer }) => (sequences.length ? [[t("nav.sequences"), integer(sequences.length)]] : []),
    list: Sequences,
  },
  shows: ({ sequence_results }, record, { t }) => (sequence_results.some((one) => one.record === record) ? { name: t("nav.sequences"), to: { page: "sequences" } } : undefined),
});
