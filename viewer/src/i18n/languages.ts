// The languages and their words. A family of pages keeps its words in one file, the languages side by side.
import { en } from "./en";
import { sequences } from "./sequences";
import { spaces } from "./spaces";
import { studio } from "./studio";
import { survey } from "./survey";
import { zhHans } from "./zh-Hans";
import { zhHant } from "./zh-Hant";

const english = { ...en, ...survey.en, ...sequences.en, ...spaces.en, ...studio.en };
const traditional = { ...zhHant, ...survey["zh-Hant"], ...sequences["zh-Hant"], ...spaces["zh-Hant"], ...studio["zh-Hant"] };
const simplified = { ...zhHans, ...survey["zh-Hans"], ...sequences["zh-Hans"], ...spaces["zh-Hans"], ...studio["zh-Hans"] };

export type Key = keyof typeof english;
export type Words = { readonly [K in Key]: string };
export type Language = "en" | "zh-Hant" | "zh-Hans";

export const languages: { readonly [L in Language]: { name: string; locale: string; words: Words } } = {
  en: { name: "English", locale: "en-GB", words: english },
  "zh-Hant": { name: "繁體中文", locale: "zh-TW", words: traditional },
  "zh-Hans": { name: "简体中文", locale: "zh-CN", words: simplified },
};
