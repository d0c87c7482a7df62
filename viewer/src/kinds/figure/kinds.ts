// Every kind of result of sequences that is shown as one figure: a line each, with the command that makes it. facts:
// whether the numbers of its card stand above it as well.
import type { ComponentType } from "react";
import { later } from "../../core/piece";
import type { FigurePage } from "../../generated/document";

type Shown = FigurePage["shown"];
type Figure<K> = { view: ComponentType<{ view: Extract<Shown, { kind: K }>; record: string }> & { load: () => void }; command?: string; facts?: boolean };

export const TRACE = "deepro trace MODEL FILE --out WORKSPACE";

export const FIGURES: { [K in Shown["kind"]]: Figure<K> } = {
  steps: { view: later("steps", () => import("./steps/steps")), command: `${TRACE} --also attribute_steps -o every=true` },
  intervention: { view: later("intervention", () => import("./intervention")), command: `${TRACE} --also intervene --layer LAYER -o unit=7 -o start=10 -o write=40` },
  attention: { view: later("attention", () => import("./attention")), command: `${TRACE} --also attention`, facts: true },
  losses: { view: later("losses", () => import("./losses")), command: `${TRACE} --also loss_breakdown` },
  "state_space": { view: later("space", () => import("./space/space")), command: `${TRACE} --also state_space` },
  responses: { view: later("responses", () => import("./responses")), command: `${TRACE} --also responses` },
  response_similarity: { view: later("response-similarity", () => import("./response-similarity")), command: "deepro responses MODEL FILES --other MODEL --out WORKSPACE" },
  automaton: { view: later("automaton", () => import("./automaton")) },
};

/** The figure of a kind that may be newer than this viewer. */
export const figureOf = (kind: string): Figure<never> | undefined => (Object.hasOwn(FIGURES, kind) ? (FIGURES[kind as Shown["kind"]] as Figure<never>) : undefined);
