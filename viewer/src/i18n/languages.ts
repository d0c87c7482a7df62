// The languages, each loaded when it is read.
import { piece } from "../core/piece";
import type { Language } from "./entries";
import type { Table } from "./tables";

export type { Language } from "./entries";
export type { Key, Words } from "./tables";

type Named = { name: string; locale: string; load: () => Promise<{ default: Table }> };

export const languages: { readonly [L in Language]: Named } = {
  en: { name: "English", locale: "en-GB", load: () => piece("words-en", () => import("words-en")) },
  "zh-Hant": { name: "繁體中文", locale: "zh-TW", load: () => piece("words-zh-Hant", () => import("words-zh-Hant")) },
  "zh-Hans": { name: "简体中文", locale: "zh-CN", load: () => piece("words-zh-Hans", () => import("words-zh-Hans")) },
};

const known = new Map<Language, Table>();

/** Make a language's words ready. */
export async function learn(language: Language): Promise<void> {
  if (!known.has(language)) known.set(language, (await languages[language].load()).default);
}

/** The words of a language that was learnt. */
export function table(language: Language): Table {
  const found = known.get(language);
  if (!found) throw new Error(`the words of ${language} were not loaded`);
  return found;
}
