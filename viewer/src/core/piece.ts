// Parts of the viewer that are loaded when they are looked at.
import { lazy, type ComponentType, type LazyExoticComponent } from "react";

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

// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Loaded<C extends ComponentType<any>> = LazyExoticComponent<C> & { load: () => void };

/** A component that is a piece by itself. `load` asks for it before it is looked at. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export function later<C extends ComponentType<any>>(name: string, open: () => Promise<{ default: C }>): Loaded<C> {
  const load = () => piece(name, open);
  return Object.assign(lazy(load), { load: () => void load().catch(() => undefined) });
}
