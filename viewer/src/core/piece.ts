// Parts of the viewer that are loaded when they are looked at.
import { lazy, type ComponentType } from "react";

declare global {
  interface Window {
    /** From loader.js; absent where modules are loaded as such, in tests. */
    deeproLoad?: (name: string) => Promise<unknown>;
  }
}

const asked = new Map<string, Promise<unknown>>();

/** A piece of the viewer, loaded once. name: its file's; open: imports it. One that could not be loaded may be tried again. */
export function piece<T>(name: string, open: () => Promise<T>): Promise<T> {
  let found = asked.get(name) as Promise<T> | undefined;
  if (!found) {
    const ready = globalThis.window?.deeproLoad?.(name) ?? Promise.resolve();
    found = ready.then(open);
    found.catch(() => asked.delete(name));
    asked.set(name, found);
  }
  return found;
}

/** A component of a piece. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export const later = <M, C extends ComponentType<any>>(load: () => Promise<M>, which: (module: M) => C) =>
  lazy(() => load().then((module) => ({ default: which(module) })));
