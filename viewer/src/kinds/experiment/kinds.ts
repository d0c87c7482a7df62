// Every kind of experiment: a line each, with what draws it.
import type { ComponentType } from "react";
import type { PaperView, Viewer } from "../../generated/document";
import { ZEILER } from "../survey/paper";
import { Ablation } from "./ablation";
import { Comparison } from "./comparison";
import { Correspondence } from "./correspondence";
import { Evolution } from "./evolution";
import { Invariance } from "./invariance";
import { Occlusion } from "./occlusion";

type Experiment = Viewer["experiment"];
/** survey: of the same network, where there is one. */
type Drawn<E> = ComponentType<{ view: E; survey: string | undefined }> & { paper?: PaperView };

const EXPERIMENTS: { [K in Experiment["kind"]]: Drawn<Extract<Experiment, { kind: K }>> } = {
  occlusion_maps: Occlusion,
  correspondence: Correspondence,
  invariance: Invariance,
  evolution: Object.assign(Evolution, { paper: ZEILER }), // its record names none
  ablation: Ablation,
  comparison: Comparison,
};

/** The view of a kind that may be newer than this viewer. */
export const experimentOf = (kind: string): Drawn<Experiment> | undefined => (Object.hasOwn(EXPERIMENTS, kind) ? (EXPERIMENTS[kind as Experiment["kind"]] as Drawn<Experiment>) : undefined);
