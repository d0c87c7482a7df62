import { page } from "../../core/pages";
import { later } from "../../core/piece";
import { address } from "../../core/routes";
import { trackName } from "../../parts/sequence/names";
import "./cells.css";

const at = address("cells/:record");
declare module "../../core/routes" {
  interface Pages {
    cells: typeof at;
  }
}

page("cells", {
  order: 180,
  address: at,
  title: "nav.cells",
  view: later("cells", () => import("./page")),
  data: ({ overview, route: { record }, read }) => (overview.sequence_results.some((one) => one.kind === "cells" && one.id === record) ? { page: read("cells", record) } : record),
  result: {
    command: "deepro cells MODEL FILES --out WORKSPACE",
    told: (facts, speech) => {
      const alive = facts.survive as string[];
      return speech.t("cells.lead", { alive: alive.length, tracks: Number(facts.tracks ?? 0), names: alive.map((name) => trackName(speech, name)).join(", ") || "–" });
    },
  },
});
