// Every word in every language. A family of pages keeps its words in one file, the languages side by side. Read when the
// viewer is built (pieces.ts) and by tests: a reader's browser gets the one language that is in use.
import { en } from "./en";
import { experiments } from "./experiments";
import { health } from "./health";
import { METHOD_WORDS } from "./methods";
import { sequences } from "./sequences";
import { spaces } from "./spaces";
import { studio } from "./studio";
import { survey } from "./survey";
import { zhHans } from "./zh-Hans";
import { zhHant } from "./zh-Hant";

const english = { ...en, ...survey.en, ...health.en, ...experiments.en, ...sequences.en, ...spaces.en, ...studio.en };
const traditional = { ...zhHant, ...survey["zh-Hant"], ...health["zh-Hant"], ...experiments["zh-Hant"], ...sequences["zh-Hant"], ...spaces["zh-Hant"], ...studio["zh-Hant"] };
const simplified = { ...zhHans, ...survey["zh-Hans"], ...health["zh-Hans"], ...experiments["zh-Hans"], ...sequences["zh-Hans"], ...spaces["zh-Hans"], ...studio["zh-Hans"] };

export type Key = keyof typeof english;
export type Words = { readonly [K in Key]: string };
/** words: by key. said: by the English text, for what the registry says of methods and options. */
export type Table = { words: Words; said: { readonly [english: string]: string } };

const said = (which: 0 | 1) => Object.fromEntries(Object.entries(METHOD_WORDS).map(([text, both]) => [text, both[which]]));

export const tables: { readonly [language: string]: Table } & { readonly [L in "en" | "zh-Hant" | "zh-Hans"]: Table } = {
  en: { words: english, said: {} },
  "zh-Hant": { words: traditional, said: said(0) },
  "zh-Hans": { words: simplified, said: said(1) },
};
