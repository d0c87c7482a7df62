// The reader's language and theme, remembered on this machine and changed without reloading.
import { useSyncExternalStore } from "react";
import { languages, learn, type Language } from "../i18n/languages";

export type Theme = "auto" | "light" | "dark";
export type Settings = { language: Language; theme: Theme };

/** The language to start with: the reader's own, as the browser tells it. */
export function preferred(tags: readonly string[]): Language {
  for (const tag of tags) {
    const lower = tag.toLowerCase();
    if (lower.startsWith("zh")) return /hant|tw|hk|mo/.test(lower) ? "zh-Hant" : "zh-Hans";
    if (lower.startsWith("en")) return "en";
  }
  return "en";
}

const KEY = "deepro";
const listeners = new Set<() => void>();
let current: Settings = start();

function start(): Settings {
  const settings: Settings = { language: preferred(globalThis.navigator?.languages ?? []), theme: "auto" };
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Settings>;
    if (kept.language && kept.language in languages) settings.language = kept.language;
    if (kept.theme === "light" || kept.theme === "dark") settings.theme = kept.theme;
  } catch {
    // Storage is closed to some pages opened from disk: the choice then lasts as long as the page.
  }
  return settings;
}

/** Make the language ready that the viewer starts with. */
export const ready = () => learn(current.language);

export async function change(settings: Partial<Settings>): Promise<void> {
  if (settings.language) await learn(settings.language);
  current = { ...current, ...settings };
  try {
    localStorage.setItem(KEY, JSON.stringify(current));
  } catch {
    // As above.
  }
  apply();
  for (const listener of listeners) listener();
}

/** Put language and theme on the root element, where style sheets and screen readers find them. */
export function apply(): void {
  document.documentElement.lang = current.language;
  if (current.theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = current.theme;
}

export function useSettings(): Settings {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
}
