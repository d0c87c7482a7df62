// Every kind of experiment: a line each, with the part of an experiment that holds its numbers.
import type { ComponentType } from "react";
import type { Experiment, Paper } from "../../generated/document";
import { ZEILER } from "../survey/paper";
import { Ablation } from "./ablation";
import { Comparison } from "./comparison";
import { Correspondence } from "./correspondence";
import { Evolution } from "./evolution";
import { Invariance } from "./invariance";
import { Occlusion } from "./occlusion";

type Part = Exclude<keyof Experiment, "id" | "kind" | "record" | "network">;
type Drawn = ComponentType<{ experiment: Experiment; survey: string | undefined }> & { paper?: Paper };

/** survey: of the same network, where there is one. */
function drawn<P extends Part>(part: P, View: ComponentType<{ view: NonNullable<Experiment[P]>; survey: string | undefined }>): Drawn {
  return ({ experiment, survey }) => {
    const view = experiment[part];
    return view && <View view={view} survey={survey} />;
  };
}

const EXPERIMENTS: { [K in Experiment["kind"]]: Drawn } = {
  occlusion_maps: drawn("occlusion", Occlusion),
  correspondence: drawn("correspondence", Correspondence),
  invariance: drawn("invariance", Invariance),
  evolution: Object.assign(drawn("evolution", Evolution), { paper: ZEILER }), // its record names none
  ablation: drawn("ablation", Ablation),
  comparison: drawn("comparison", Comparison),
};

/** The view of a kind that may be newer than this viewer. */
export const experimentOf = (kind: string): Drawn | undefined => (Object.hasOwn(EXPERIMENTS, kind) ? EXPERIMENTS[kind as Experiment["kind"]] : undefined);
