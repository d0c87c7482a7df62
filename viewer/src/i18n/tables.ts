// Every word in every language. Read when the viewer is built (pieces.ts) and by tests: a reader's browser gets the one
// language that is in use.
import type { Entries, Language, Translations } from "./entries";
import * as places from "./places";
import { registry } from "./registry";

type KeyOf<P> = P extends unknown ? keyof P : never;
export type Key = KeyOf<(typeof places)[keyof typeof places]>;
export type Words = { readonly [K in Key]: string };
/** words: by key. said: by the English text, for what the registry says of methods and options. */
export type Table = { words: Words; said: { readonly [english: string]: string } };

const column = (texts: Entries | Translations, which: number) => Object.fromEntries(Object.entries(texts).map(([key, row]) => [key, row[which] ?? ""]));
const table = (which: number): Table => ({
  words: Object.assign({}, ...Object.values(places).map((place) => column(place, which))),
  said: which ? column(registry, which - 1) : {},
});

export const tables: { readonly [L in Language]: Table } = { en: table(0), "zh-Hant": table(1), "zh-Hans": table(2) };
