// What stands at each step, as text.
import type { SequencePage } from "../../generated/document";
import { unpack } from "../../core/values";

const SIGNS: { [sign: string]: string } = { "\n": "⏎", "\t": "⇥", " ": "␣" };

/** A token so that it can be seen: line breaks and blanks get a sign. */
export const visible = (token: string) => SIGNS[token] ?? token;

export function tokenAt(page: SequencePage, step: number): string {
  if (page.text !== null) return page.text[step] ?? "";
  if (!page.tokens) return "";
  const number = (unpack(page.tokens) as Int32Array)[step];
  return number === undefined ? "" : (page.symbols?.[number] ?? String(number));
}

export type Row = { first: number; last: number };

/** Steps broken into rows: at line breaks, and where a row would hold more than `width` steps. */
export function rows(page: SequencePage, width: number): Row[] {
  const made: Row[] = [];
  let first = 0;
  for (let step = 0; step < page.steps; step++) {
    const full = step - first + 1 >= width;
    if (full || page.text?.[step] === "\n") {
      made.push({ first, last: step + 1 });
      first = step + 1;
    }
  }
  if (first < page.steps) made.push({ first, last: page.steps });
  return made;
}

/** The row that holds a step. */
export function rowOf(all: readonly Row[], step: number): number {
  let [low, high] = [0, all.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((all[middle]?.first ?? 0) <= step) low = middle;
    else high = middle - 1;
  }
  return Math.max(0, low);
}
