// What is known of every kind of page. The index.ts of its folder in kinds/ calls `page` with it.
import type { ComponentType, ReactNode } from "react";
import type { Overview, Viewer } from "../generated/document";
import type { Key, Speech } from "../i18n";
import { addPage, type Address, type At, type PageName, type Pages, type Route } from "./routes";
import type { Kind, Source } from "./source";

export type Given<P extends PageName = PageName> = { source: Source; overview: Overview; route: At<P> };
/** Reads a page's data while React waits. */
export type Read = <K extends Kind>(kind: K, id: string) => Viewer[K];

/** Something that can be found, with its page or its place in the data folder. */
export type Found = { kind: string; text: string; more?: string; route?: Route; data?: number };
/** What was searched for. labels: every class that is known. */
export type Query = { text: string; words: readonly string[]; overview: Overview; labels: readonly string[] };

type View<T> = ComponentType<T> & { load?: () => void };

export type Page<P extends PageName = PageName, D extends object = object> = {
  /** Its place among the pages in the header and on the overview, the smallest first. */
  order: number;
  address: Pages[P];
  /** The title of the window, before the workspace's. */
  title?: Key | ((route: At<P>) => string);
  view: View<Given<P> & D>;
  /** What the view needs beside what every page is given, or the name of what is missing. */
  data?: (given: Given<P> & { read: Read }) => D | string;
  /** Every address is a view of its own, also where only the query differs. */
  fresh?: boolean;
  /** Its place in the header: where it leads, if anywhere. */
  nav?: { word: Key; to: (overview: Overview) => Route | undefined; more?: ComponentType };
  /** What stands of it on the overview. */
  overview?: {
    /** How many there are, in the first line. */
    lead?: (overview: Overview, speech: Speech) => string | false;
    /** What was looked at, and how much of it. */
    data?: (overview: Overview, speech: Speech) => [string, ReactNode][];
    /** Before everything else. */
    first?: ComponentType<{ overview: Overview }>;
    list?: ComponentType<{ overview: Overview }>;
  };
  /** fit: how well, from `fit` of core/fit.ts. */
  search?: (query: Query) => (Found & { fit: number })[];
  /** Where a record is shown that belongs to no photograph, and what that place is called. */
  shows?: (overview: Overview, record: string, speech: Speech) => { name: string; to: Route } | undefined;
  /** A kind of result of sequences: what makes it, and what is told of it in a list. */
  result?: { command: string; told?: (facts: { readonly [name: string]: unknown }, speech: Speech) => string };
  /** What the server calls the page when it tells where a job's result is seen; else the page's name. */
  served?: string;
};

// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Any = Page<any, any>;
const known = new Map<PageName, Any>();

export function page<P extends PageName, D extends object = object>(name: P, record: Page<P, D>): void {
  known.set(name, record as Any);
  addPage(name, record.address as Address);
}

export const pages = (): readonly (readonly [PageName, Any])[] => [...known].sort(([, a], [, b]) => a.order - b.order);
export const pageAt = (route: Route): Any => known.get(route.page) as Any;

/** The page that shows a result, named as the server does: its kind and its id. */
export function seenAt([kind = "", id = ""]: readonly string[]): Route {
  const [name, record] = pages().find(([name, one]) => (one.served ?? name) === kind) ?? [];
  const field = (record?.address as Address | undefined)?.places[1]?.name;
  return (name && field ? { page: name, [field]: id } : { page: "overview" }) as Route;
}
