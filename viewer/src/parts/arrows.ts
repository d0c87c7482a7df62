import { useEffect } from "react";

/** The arrow keys go to the neighbours, unless the reader is writing. */
export function useArrows(before: string | undefined, after: string | undefined) {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      if (event.target instanceof Element && event.target.closest("input, select, textarea, dialog, [role=application]")) return;
      const to = event.key === "ArrowLeft" ? before : event.key === "ArrowRight" ? after : undefined;
      if (to) window.location.hash = to;
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [before, after]);
}
