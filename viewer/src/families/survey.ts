// Surveys and what is found in them: one piece of the viewer.
export { ExperimentPage } from "../kinds/experiment/page";
export { HealthPage } from "../kinds/health/page";
export { SurveyPage } from "../kinds/survey/page";
export { SurveyLayerPage } from "../kinds/survey-layer/page";
export { SurveyUnitPage } from "../kinds/survey-unit/page";
