// Families of pages, each loaded when one of its pages is looked at. What stands on the overview is always there.
import { later, piece } from "../core/piece";
import type { Route } from "../core/routes";

const survey = () => piece("survey", () => import("./survey"));
const maps = () => piece("maps", () => import("./maps"));
const sequences = () => piece("sequences", () => import("./sequences"));
const network = () => piece("network", () => import("./network"));
const studio = () => piece("studio", () => import("./studio"));

const OF: { readonly [P in Route["page"]]?: () => Promise<unknown> } = {
  survey,
  "survey-layer": survey,
  "survey-unit": survey,
  health: survey,
  experiment: survey,
  maps,
  map: maps,
  atlas: maps,
  sequence: sequences,
  cells: sequences,
  memory: sequences,
  matches: sequences,
  figure: sequences,
  network,
  jobs: studio,
};

/** Ask for a page's family while its data is on the way. */
export const expect = (page: Route["page"]) => void OF[page]?.().catch(() => undefined);

export const ExperimentPage = later(survey, (m) => m.ExperimentPage);
export const HealthPage = later(survey, (m) => m.HealthPage);
export const SurveyPage = later(survey, (m) => m.SurveyPage);
export const SurveyLayerPage = later(survey, (m) => m.SurveyLayerPage);
export const SurveyUnitPage = later(survey, (m) => m.SurveyUnitPage);
export const AtlasPage = later(maps, (m) => m.AtlasPage);
export const MapPage = later(maps, (m) => m.MapPage);
export const MapsPage = later(maps, (m) => m.MapsPage);
export const CellsView = later(sequences, (m) => m.CellsView);
export const MatchesView = later(sequences, (m) => m.MatchesView);
export const MemoryView = later(sequences, (m) => m.MemoryView);
export const SequenceView = later(sequences, (m) => m.SequenceView);
export const FigureView = later(sequences, (m) => m.FigureView);
export const NetworkPage = later(network, (m) => m.NetworkPage);
export const JobsPage = later(studio, (m) => m.JobsPage);
export const Doing = later(studio, (m) => m.Doing);
export const MethodForm = later(studio, (m) => m.MethodForm);
