// Things to take away: a figure of one result, a report of what is chosen.
import { useState, useSyncExternalStore } from "react";
import { useSpeech } from "../i18n";
import { figure, server } from "../live";

const KEY = "deepro-selection";

class Selection {
  private chosen: ReadonlySet<string> = new Set(read());
  private listeners = new Set<() => void>();
  get = () => this.chosen;
  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };
  toggle(id: string) {
    const next = new Set(this.chosen);
    if (!next.delete(id)) next.add(id);
    this.set(next);
  }
  clear = () => this.set(new Set());
  private set(next: ReadonlySet<string>) {
    this.chosen = next;
    try {
      sessionStorage.setItem(KEY, JSON.stringify([...next]));
    } catch {
      // Storage is closed: the selection lasts as long as the page.
    }
    for (const listener of this.listeners) listener();
  }
}

function read(): string[] {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.map(String) : [];
  } catch {
    return [];
  }
}

export const selection = new Selection();
export const useSelection = () => useSyncExternalStore(selection.subscribe, selection.get);

/** Photographs are chosen on any page and stay chosen. */
export function Choose({ id, name }: { id: string; name: string }) {
  const { t } = useSpeech();
  const chosen = useSelection();
  return (
    <label className="choose">
      <input type="checkbox" checked={chosen.has(id)} onChange={() => selection.toggle(id)} aria-label={t("select.one", { name })} />
    </label>
  );
}

/** What can be done with the selection; of everything where nothing is chosen. */
export function TakeReport() {
  const { t } = useSpeech();
  const chosen = useSelection();
  const [state, setState] = useState<"idle" | "busy">("idle");
  const [problem, setProblem] = useState<string | null>(null);
  const take = (single: boolean) => {
    setState("busy");
    setProblem(null);
    server.report({ photographs: [...chosen], single_file: single }).then(
      () => setState("idle"),
      (error: Error) => {
        setState("idle");
        setProblem(error.message);
      },
    );
  };
  return (
    <div className="take">
      <span className="quiet">{chosen.size ? t("select.count", { n: chosen.size }) : t("select.all")}</span>
      <button type="button" disabled={state === "busy"} onClick={() => take(true)}>
        {t("report.single")}
      </button>
      <button type="button" disabled={state === "busy"} onClick={() => take(false)}>
        {t("report.folder")}
      </button>
      {chosen.size > 0 && (
        <button type="button" onClick={selection.clear}>
          {t("select.clear")}
        </button>
      )}
      <span role="status">{state === "busy" ? t("report.busy") : problem && <span className="note">{problem}</span>}</span>
    </div>
  );
}

/** A result's figure as a file for a paper. */
export function TakeFigure({ record }: { record: string }) {
  const { t } = useSpeech();
  return (
    <p className="take">
      <span className="quiet">{t("figure.take")}</span>
      {(["png", "svg", "pdf"] as const).map((kind) => (
        <a key={kind} href={figure(record, kind)} download>
          {kind.toUpperCase()}
        </a>
      ))}
    </p>
  );
}
