// The languages and their words.
import { en } from "./en";
import { zhHans } from "./zh-Hans";
import { zhHant } from "./zh-Hant";

export type Key = keyof typeof en;
export type Words = { readonly [K in Key]: string };
export type Language = "en" | "zh-Hant" | "zh-Hans";

export const languages: { readonly [L in Language]: { name: string; locale: string; words: Words } } = {
  en: { name: "English", locale: "en-GB", words: en },
  "zh-Hant": { name: "繁體中文", locale: "zh-TW", words: zhHant },
  "zh-Hans": { name: "简体中文", locale: "zh-CN", words: zhHans },
};
