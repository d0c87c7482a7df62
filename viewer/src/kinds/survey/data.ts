// What every page inside a survey needs.
import type { Read } from "../../core/pages";
import type { Overview } from "../../generated/document";

/** A layer of a survey with its page's id, or the name of what is missing. */
export function surveyed(overview: Overview, { survey: id, layer: name }: { survey: string; layer: string }, read: Read) {
  if (!overview.surveys.some((card) => card.id === id)) return id;
  const survey = read("survey", id);
  const row = survey.layers.find((one) => one.name === name);
  return row ? { survey, layer: read("survey_layer", row.page), page: row.page } : name;
}
