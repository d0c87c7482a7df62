// Whether the page is dark now: chosen by the reader, or the system's own.
import { useSyncExternalStore } from "react";
import { useSettings } from "../../core/settings";
import { palette, type Palette } from "./colours";

export function usePalette(): Palette {
  const { theme } = useSettings();
  const system = useSyncExternalStore(
    (changed) => {
      const query = window.matchMedia("(prefers-color-scheme: dark)");
      query.addEventListener("change", changed);
      return () => query.removeEventListener("change", changed);
    },
    () => window.matchMedia("(prefers-color-scheme: dark)").matches,
  );
  return palette(theme === "auto" ? system : theme === "dark");
}
