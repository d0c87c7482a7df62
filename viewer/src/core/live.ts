// The live server beside its pages: the session, jobs, and everything that can be asked of it. Absent in a report.
import { useSyncExternalStore } from "react";
import type { DataPage, Job, JobRequest, MethodForm, Occluded, Opened, ReportRequest, Session, SheetItem, SheetRequest } from "../generated/document";
import { hand } from "./hand";
import { isLive, refusal, type LiveSource } from "./source";

class Store<T> {
  private listeners = new Set<() => void>();
  constructor(private value: T) {}
  get = () => this.value;
  set(value: T) {
    this.value = value;
    for (const listener of this.listeners) listener();
  }
  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };
}

const session = new Store<Session | null>(null);
const jobs = new Store<readonly Job[]>([]);
const connected = new Store(true);

/** The server's session; null in a report, and until the server has said a word. */
export const useSession = (): Session | null => useSyncExternalStore(session.subscribe, session.get);
export const useJobs = (): readonly Job[] => useSyncExternalStore(jobs.subscribe, jobs.get);
export const useConnected = (): boolean => useSyncExternalStore(connected.subscribe, connected.get);

async function ask<T>(path: string, method = "GET", body?: BodyInit, type?: string): Promise<T> {
  const response = await fetch(`api/v1/${path}`, {
    method,
    headers: { "X-Deepro": "1", ...(type ? { "Content-Type": type } : {}) },
    ...(body === undefined ? {} : { body }),
  });
  if (!response.ok) throw new Error(await refusal(response));
  return (await response.json()) as T;
}

const id = (text: string) => encodeURIComponent(text);
let known: Promise<MethodForm[]> | undefined;
let names: Promise<string[]> | undefined;

export const server = {
  methods: () => (known ??= ask<MethodForm[]>("methods").catch((error: unknown) => {
    known = undefined;
    throw error;
  })),
  labels: () => (names ??= ask<string[]>("labels").then((found) => {
    if (found.length === 0) names = undefined; // the network is still being loaded
    return found;
  })),
  submit: (request: Partial<JobRequest> & { method: string }) =>
    ask<Job>("jobs", "POST", JSON.stringify(request), "application/json").then(heard),
  note: (address: string, title: string, text: string) => send("notes", { address, title, text }),
  cancel: (job: string) => ask<Job>(`jobs/${id(job)}/cancel`, "POST").then(heard),
  retry: (job: string) => ask<Job>(`jobs/${id(job)}/retry`, "POST").then(heard),
  upload: (file: Blob, name: string) => ask<Opened>(`pictures?name=${id(name)}`, "POST", file, "application/octet-stream"),
  explain: (photograph: string) => ask<Job[]>(`photographs/${id(photograph)}/explain`, "POST"),
  occlude: (photograph: string, mask: Uint8Array<ArrayBuffer>, fill: Occluded["fill"], keep: boolean) =>
    ask<Occluded>(`photographs/${id(photograph)}/occlude?fill=${fill}&keep=${keep}`, "POST", mask, "application/octet-stream"),
  data: (find: string, offset: number, limit: number) => ask<DataPage>(`data?find=${id(find)}&offset=${offset}&limit=${limit}`),
  openData: (index: number) => ask<Opened>(`data/${index}/open`, "POST"),
  report: (wanted: Partial<ReportRequest>) => download("report", wanted),
  sheet: (items: SheetItem[], kind: SheetRequest["kind"]) => download("sheet", { items, kind }),
};

async function send(path: string, body: object): Promise<void> {
  const response = await fetch(`api/v1/${path}`, { method: "POST", headers: { "X-Deepro": "1", "Content-Type": "application/json" }, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(await refusal(response));
}

/** A file that the server makes of what it is told. */
async function download(path: string, wanted: object): Promise<void> {
  const response = await fetch(`api/v1/${path}`, {
    method: "POST",
    headers: { "X-Deepro": "1", "Content-Type": "application/json" },
    body: JSON.stringify(wanted),
  });
  if (!response.ok) throw new Error(await refusal(response));
  const name = /filename="?([^";]+)/.exec(response.headers.get("content-disposition") ?? "")?.[1] ?? path;
  hand(await response.blob(), name);
}

/** A result's figure as a file. */
export const FIGURES = ["png", "svg", "pdf"] as const;
export const figure = (record: string, kind: (typeof FIGURES)[number]) => `api/v1/results/${encodeURIComponent(record)}/figure.${kind}`;

/** An address that the server gives a thumbnail of its data folder at. */
export const thumb = (index: number) => `api/v1/data/${index}/thumb.jpg`;

function heard<T extends Job>(job: T): T {
  const now = jobs.get();
  jobs.set(now.some((j) => j.id === job.id) ? now.map((j) => (j.id === job.id ? { ...j, ...job } : j)) : [job, ...now]);
  list();
  return job;
}

let asked: ReturnType<typeof setTimeout> | undefined;

/** Read the list of jobs, soon: several events make one request. */
function list(): void {
  asked ??= setTimeout(() => {
    asked = undefined;
    void ask<Job[]>("jobs").then((found) => jobs.set(found), () => undefined);
  }, 150);
}

/** Hear the server's events while the page is looked at. A page in the background lets go of its connection. */
export function listen(source: LiveSource): void {
  if (!isLive) return;
  let events: EventSource | null = null;
  let left: ReturnType<typeof setTimeout> | undefined;
  const open = () => {
    if (events) return;
    events = new EventSource("api/v1/events");
    events.addEventListener("session", (event) => {
      connected.set(true);
      session.set(JSON.parse(event.data as string) as Session);
      list();
    });
    events.addEventListener("site", (event) => {
      const { pending } = JSON.parse(event.data as string) as { pending: number };
      const now = session.get();
      if (now) session.set({ ...now, pending });
      void source.refresh().then(list);
    });
    events.addEventListener("job", (event) => {
      const job = JSON.parse(event.data as string) as Job;
      const before = jobs.get().find((j) => j.id === job.id);
      if (before?.state === "running" && job.state === "running")
        jobs.set(jobs.get().map((j) => (j.id === job.id ? { ...j, what: job.what, done: job.done, total: job.total ?? null, seconds: job.seconds ?? null, left: job.left ?? null } : j)));
      else list();
    });
    events.onerror = () => connected.set(false);
  };
  open();
  document.addEventListener("visibilitychange", () => {
    clearTimeout(left);
    if (document.visibilityState === "hidden") {
      left = setTimeout(() => {
        events?.close();
        events = null;
      }, 30_000);
    } else if (!events) {
      open();
      void source.refresh();
    }
  });
}
