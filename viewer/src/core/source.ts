// Where the viewer's data comes from. A report on disk and a live server answer the same questions.
import type { Overview, Viewer } from "../generated/document";

/** Kinds of pages that are loaded when they are looked at, by id. */
export type Kind = Exclude<keyof Viewer, "overview" | "values" | "studio">;

export interface Source {
  overview(): Promise<Overview>;
  page<K extends Kind>(kind: K, id: string): Promise<Viewer[K]>;
  /** Grows when answers have changed; a report's never do. */
  version(): number;
  subscribe(listener: () => void): () => void;
}

const still = { version: () => 0, subscribe: () => () => {} };

/** A single file: every page's data stands in the document as a JSON block, large ones compressed. */
class EmbeddedSource {
  overview = () => block<Overview>("overview");
  page = <K extends Kind>(kind: K, id: string) => block<Viewer[K]>(`${kind}-${id}`);
}

function block<T>(name: string): Promise<T> {
  const found = document.getElementById(`data:${name}`);
  if (!found) return Promise.reject(new Error(name));
  const text = found.textContent ?? "";
  return found.getAttribute("type") === "application/gzip" ? unpacked<T>(text) : Promise.resolve(JSON.parse(text) as T);
}

/** JSON that was compressed and written as base64. */
async function unpacked<T>(text: string): Promise<T> {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return (await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).json()) as T;
}

/** A folder: each page's data is a script that calls `deeproData`, because a page opened from disk cannot fetch. */
class FolderSource {
  private arrived = new Map<string, unknown>();

  constructor() {
    window.deeproData = (name, value) => void this.arrived.set(name, value);
  }

  overview = () => this.load<Overview>("overview");
  page = <K extends Kind>(kind: K, id: string) => this.load<Viewer[K]>(`${kind}-${id}`);

  private load<T>(name: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = `data/${encodeURIComponent(name)}.js`;
      script.onload = () => (this.arrived.has(name) ? resolve(this.arrived.get(name) as T) : reject(new Error(name)));
      script.onerror = () => reject(new Error(name));
      document.head.append(script);
      script.addEventListener("load", () => script.remove());
    });
  }
}

declare global {
  interface Window {
    deeproData?: (name: string, value: unknown) => void;
  }
}

/** Remembers answers, so that going back is immediate and a promise keeps its identity between renders. */
export class Remembered implements Source {
  version = still.version;
  subscribe = still.subscribe;
  private answers = new Map<string, Promise<unknown>>();

  constructor(private readonly source: Pick<Source, "overview" | "page">) {}

  overview = () => this.once("overview", () => this.source.overview());
  page = <K extends Kind>(kind: K, id: string) => this.once(`${kind}-${id}`, () => this.source.page(kind, id));

  private once<T>(key: string, ask: () => Promise<T>): Promise<T> {
    if (!this.answers.has(key)) this.answers.set(key, ask());
    return this.answers.get(key) as Promise<T>;
  }
}

/** A live server. What has been read is remembered until the server says that pages have changed. */
export class LiveSource implements Source {
  private answers = new Map<string, { promise: Promise<unknown>; tag: string | null }>();
  private listeners = new Set<() => void>();
  private changes = 0;
  private busy: Promise<void> | null = null;
  private again = false;

  overview = () => this.once<Overview>("overview");
  page = <K extends Kind>(kind: K, id: string) => this.once<Viewer[K]>(`pages/${kind}/${encodeURIComponent(id)}`);
  version = () => this.changes;
  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };

  private once<T>(path: string): Promise<T> {
    let answer = this.answers.get(path);
    if (!answer) {
      const made = { promise: undefined as unknown as Promise<unknown>, tag: null as string | null };
      // An answer that failed is kept as well, until pages change: asked again at each rendering it would never end.
      const promise: Promise<T> = read<T>(path).then(({ value, tag }) => {
        made.tag = tag;
        return remember(promise, value);
      });
      made.promise = promise;
      answer = made;
    }
    this.answers.delete(path); // what is looked at stands last
    this.answers.set(path, answer);
    return answer.promise as Promise<T>;
  }

  /** Read again what is in use. The old answers stay on the page until the new ones are there: nothing jumps. */
  refresh(): Promise<void> {
    if (this.busy) this.again = true;
    this.busy ??= this.reread().finally(() => {
      this.busy = null;
      if (this.again) {
        this.again = false;
        void this.refresh();
      }
    });
    return this.busy;
  }

  private async reread(): Promise<void> {
    // The last few pages are kept fresh; what was read before them is forgotten.
    const paths = [...this.answers.keys()];
    const kept = new Set(["overview", ...paths.slice(-4)]);
    for (const path of paths) if (!kept.has(path)) this.answers.delete(path);
    let changed = false;
    await Promise.all(
      [...kept].map(async (path) => {
        try {
          const old = this.answers.get(path);
          const { value, tag } = await read(path);
          if (old && tag !== null && old.tag === tag) return;
          this.answers.set(path, { promise: settled(value), tag });
          changed = true;
        } catch {
          // What could be read before stays; what could not still cannot.
        }
      }),
    );
    this.changes += 1;
    if (changed) for (const listener of this.listeners) listener();
  }
}

async function read<T>(path: string): Promise<{ value: T; tag: string | null }> {
  const response = await fetch(`api/v1/${path}`, { cache: "no-cache" });
  if (!response.ok) throw new Error(await refusal(response));
  return { value: (await response.json()) as T, tag: response.headers.get("etag") };
}

/** The one line with which the server says what went wrong. */
export async function refusal(response: Response): Promise<string> {
  try {
    return String(((await response.json()) as { error?: string }).error ?? response.statusText);
  } catch {
    return response.statusText || String(response.status);
  }
}

/** A promise that React reads without waiting. */
function settled<T>(value: T): Promise<T> {
  return Object.assign(Promise.resolve(value), { status: "fulfilled", value });
}

/** The same of one that has its value now. */
function remember<T>(promise: Promise<T>, value: T): T {
  Object.assign(promise, { status: "fulfilled", value });
  return value;
}

const told = globalThis.document?.documentElement.dataset ?? {};

export const isLive = told.source === "live";

/** Whether the live server was started with a network, and with which folder. */
export const hasModel = told.model !== undefined;
export const folder = told.folder === undefined ? null : { name: told.folder, count: Number(told.pictures) };

export function findSource(): Source {
  if (isLive) return new LiveSource();
  return new Remembered(document.getElementById("data:overview") ? new EmbeddedSource() : new FolderSource());
}
