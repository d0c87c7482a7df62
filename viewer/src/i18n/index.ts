// Words in the reader's language, and numbers and dates as that language writes them.
import { useMemo } from "react";
import { useSettings } from "../core/settings";
import { languages, table, type Key, type Language } from "./languages";

export { languages, learn, type Key, type Language, type Words } from "./languages";

export type Values = { [name: string]: string | number };

/** `text` with {name} replaced by values; numbers are written as the language does. */
export function fill(text: string, values: Values, number: (n: number) => string): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === "number" ? number(value) : value;
  });
}

export interface Speech {
  language: Language;
  t: (key: Key, values?: Values) => string;
  /** The word for `key` where there is one, else `otherwise`. */
  maybe: (key: string, otherwise: string) => string;
  /** What the registry says in English, in the reader's language; what is not translated stays as it is. */
  said: (english: string) => string;
  integer: (n: number) => string;
  /** Three significant digits, the exponent only where a number is very small or large. */
  number: (n: number) => string;
  percent: (n: number) => string;
  compact: (n: number) => string;
  date: (iso: string) => string;
}

export function speech(language: Language): Speech {
  const { locale } = languages[language];
  const { words, said } = table(language);
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const significant = new Intl.NumberFormat(locale, { maximumSignificantDigits: 3 });
  const scientific = new Intl.NumberFormat(locale, { notation: "scientific", maximumSignificantDigits: 2 });
  const share = new Intl.NumberFormat(locale, { style: "percent", maximumSignificantDigits: 3 });
  const short = new Intl.NumberFormat(locale, { notation: "compact", maximumSignificantDigits: 3 });
  const day = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  return {
    language,
    t: (key, values = {}) => fill(words[key], values, whole.format),
    maybe: (key, otherwise) => (words as { [name: string]: string })[key] ?? otherwise,
    said: (english) => said[english] ?? english,
    integer: whole.format,
    number: (n) => (n !== 0 && (Math.abs(n) < 1e-3 || Math.abs(n) >= 1e6) ? scientific : significant).format(n),
    percent: (n) => (n > 0 && n < 0.001 ? `< ${share.format(0.001)}` : n < 1 && n > 0.999 ? `> ${share.format(0.999)}` : share.format(n)),
    compact: short.format,
    date: (iso) => (Number.isNaN(Date.parse(iso)) ? iso : day.format(new Date(iso))),
  };
}

export function useSpeech(): Speech {
  const { language } = useSettings();
  return useMemo(() => speech(language), [language]);
}
