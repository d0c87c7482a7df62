// The form in which words stand: by key, the languages of one key side by side.
export type Language = "en" | "zh-Hant" | "zh-Hans";

/** One text in every language, in the order of Language. */
export type Entry = readonly [english: string, traditional: string, simplified: string];
export type Entries = { readonly [key: string]: Entry };

/** What the registry says in English, in the other languages, by the English text. */
export type Translations = { readonly [english: string]: readonly [traditional: string, simplified: string] };
