// Finding things by name: what each page can be searched for. Pure, so that it can be tested.
import { fit } from "../core/fit";
import { pages, type Found } from "../core/pages";
import { parse } from "../core/routes";
import type { Overview } from "../generated/document";

const MOST = 6; // of a kind

/** The best of each kind, the kinds in the order of the pages. labels: every class that is known. */
export function search(text: string, overview: Overview, labels: readonly string[]): Found[] {
  const query = text.trim().toLowerCase();
  const words = query.split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const kinds: { [kind: string]: (Found & { fit: number })[] } = {};
  for (const [, page] of pages()) for (const found of page.search?.({ text: query, words, overview, labels }) ?? []) if (found.fit > 0) (kinds[found.kind] ??= []).push(found);
  for (const note of overview.notes ?? []) {
    const found = fit(`${note.text} ${note.title}`, words);
    if (found > 0) (kinds.note ??= []).push({ kind: "note", text: note.text.slice(0, 80), more: note.title, route: parse(note.address), fit: found });
  }
  return Object.values(kinds).flatMap((found) => found.sort((a, b) => b.fit - a.fit || a.text.length - b.text.length).slice(0, MOST));
}

/** Every class that the results name. */
export function labelsOf(overview: Overview): string[] {
  const names = new Set<string>();
  for (const card of overview.photographs) for (const g of card.guesses ?? []) names.add(g.label);
  for (const set of overview.patterns) for (const image of set.images) names.add(image.target);
  return [...names].sort();
}
