import { fit } from "../../core/fit";
import { page } from "../../core/pages";
import { later } from "../../core/piece";
import { address } from "../../core/routes";
import "./class.css";

const at = address("class/:label");
declare module "../../core/routes" {
  interface Pages {
    class: typeof at;
  }
}

page("class", {
  order: 50,
  address: at,
  title: ({ label }) => label,
  view: later("class", () => import("./page")),
  data: ({ route }) => ({ label: route.label }),
  search: ({ labels, words }) => labels.map((label) => ({ kind: "class", text: label, route: { page: "class", label }, fit: fit(label, words) })),
});
