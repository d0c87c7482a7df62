// What was chosen, on any page. It stays chosen on every other, until the window is closed.
import { useSyncExternalStore } from "react";
import type { PhotographPage } from "../generated/document";
import { tell } from "./outside";

/** A photograph by its page, or part of a result: the unit or the target; sha256 says which photograph of it. */
export type Chosen = { name: string; photograph?: string; record?: string; sha256?: string; part?: number };

const KEY = "deepro-selection";

export const keyOf = (one: Chosen) => (one.photograph ? `photograph ${one.photograph}` : [one.record, one.sha256 ?? "", one.part ?? ""].join(" "));

class Selection {
  private chosen: ReadonlyMap<string, Chosen> = new Map(read().map((one) => [keyOf(one), one]));
  private listeners = new Set<() => void>();
  get = () => this.chosen;
  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };
  toggle(one: Chosen) {
    const next = new Map(this.chosen);
    if (!next.delete(keyOf(one))) next.set(keyOf(one), one);
    this.set(next);
  }
  clear = () => this.set(new Map());
  private set(next: ReadonlyMap<string, Chosen>) {
    this.chosen = next;
    tell([...next.values()].map((one) => one.name));
    try {
      sessionStorage.setItem(KEY, JSON.stringify([...next.values()]));
    } catch {
      // Storage is closed: the selection lasts as long as the page.
    }
    for (const listener of this.listeners) listener();
  }
}

function read(): Chosen[] {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter((one): one is Chosen => typeof one === "object" && one !== null && "name" in one) : [];
  } catch {
    return [];
  }
}

export const selection = new Selection();
export const useSelection = () => useSyncExternalStore(selection.subscribe, selection.get);

/** Part of a result that was made for a photograph. */
export const partOf = (photograph: PhotographPage, record: string, name: string, part?: number): Chosen => ({
  name: `${name} · ${photograph.name}`,
  record,
  sha256: photograph.sha256,
  ...(part === undefined ? {} : { part }),
});
