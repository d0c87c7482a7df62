// Where the viewer's data comes from. A report on disk and a live server answer the same questions.
import type { Overview, Viewer } from "./document";

/** Kinds of pages that are loaded when they are looked at, by id. */
export type Kind = Exclude<keyof Viewer, "overview" | "values">;


export interface Source {
  overview(): Promise<Overview>;
  page<K extends Kind>(kind: K, id: string): Promise<Viewer[K]>;
}

/** A single file: every page's data stands in the document as a JSON block. */
class EmbeddedSource implements Source {
  overview = () => read<Overview>("overview");
  page = <K extends Kind>(kind: K, id: string) => read<Viewer[K]>(`${kind}-${id}`);
}

function read<T>(name: string): Promise<T> {
  const block = document.getElementById(`data:${name}`);
  return block ? Promise.resolve(JSON.parse(block.textContent ?? "") as T) : Promise.reject(new Error(name));
}

/** A folder: each page's data is a script that calls `deeproData`, because a page opened from disk cannot fetch. */
class FolderSource implements Source {
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
  private answers = new Map<string, Promise<unknown>>();

  constructor(private readonly source: Source) {}

  overview = () => this.once("overview", () => this.source.overview());
  page = <K extends Kind>(kind: K, id: string) => this.once(`${kind}-${id}`, () => this.source.page(kind, id));

  private once<T>(key: string, ask: () => Promise<T>): Promise<T> {
    if (!this.answers.has(key)) this.answers.set(key, ask());
    return this.answers.get(key) as Promise<T>;
  }
}

export function findSource(): Source {
  return new Remembered(document.getElementById("data:overview") ? new EmbeddedSource() : new FolderSource());
}
