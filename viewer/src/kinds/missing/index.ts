import { page } from "../../core/pages";
import { address } from "../../core/routes";

const at = address("missing/:missing");
declare module "../../core/routes" {
  interface Pages {
    missing: typeof at;
  }
}

// Where an address leads that no page has.
page("missing", { order: 1000, address: at, view: () => null, data: ({ route: { missing } }) => missing });
