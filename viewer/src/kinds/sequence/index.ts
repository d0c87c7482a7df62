import { page } from "../../core/pages";
import { later } from "../../core/piece";
import { address } from "../../core/routes";
import "./sequence.css";

const at = address("sequence/:sequence", "cell at# to#");
declare module "../../core/routes" {
  interface Pages {
    sequence: typeof at;
  }
}

page("sequence", {
  order: 170,
  address: at,
  title: "nav.sequences",
  view: later("sequence", () => import("./page")),
  data: ({ overview, route: { sequence, cell, at, to }, read }) => (overview.sequences.some((card) => card.id === sequence) ? { page: read("sequence", sequence), cell, at, to } : sequence),
  fresh: true, // the cell and the range of the address are the view's own
});
