// Surveys and what is found in them: one piece of the viewer.
export { ExperimentPage } from "../pages/experiment";
export { HealthPage } from "../pages/health";
export { SurveyPage } from "../pages/survey";
export { SurveyLayerPage } from "../pages/survey-layer";
export { SurveyUnitPage } from "../pages/survey-unit";
