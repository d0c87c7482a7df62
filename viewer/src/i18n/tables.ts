// Every word in every language. Read when the viewer is built (pieces.ts) and by tests: a reader's browser gets the one
// language that is in use.
import type { Entries, Language, Translations } from "./entries";
import type { PageWords } from "../generated/page-words";
import { methods } from "./methods";
import { registry } from "./registry";
import { shared } from "./shared";

const pages = import.meta.glob<Entries>("../**/words.ts", { eager: true, import: "words" });
export const places: readonly Entries[] = [methods, shared, ...Object.values(pages)];

type KeyOf<P> = P extends unknown ? keyof P : never;
export type Key = KeyOf<typeof methods | typeof shared | PageWords>;
export type Words = { readonly [K in Key]: string };
/** words: by key. said: by the English text, for what the registry says of methods and options. */
export type Table = { words: Words; said: { readonly [english: string]: string } };

const column = (texts: Entries | Translations, which: number) => Object.fromEntries(Object.entries(texts).map(([key, row]) => [key, row[which] ?? ""]));
const table = (which: number): Table => ({
  words: Object.assign({}, ...places.map((place) => column(place, which))),
  said: which ? column(registry, which - 1) : {},
});

export const tables: { readonly [L in Language]: Table } = { en: table(0), "zh-Hant": table(1), "zh-Hans": table(2) };
