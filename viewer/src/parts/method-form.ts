// Methods are applied where there is a live server: the form is a piece of its own.
import { later } from "../core/piece";

export const MethodForm = later("form", () => import("./form"));
