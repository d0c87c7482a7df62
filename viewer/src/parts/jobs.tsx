import { useEffect, useState } from "react";
import type { Job } from "../generated/document";
import { useSpeech } from "../i18n";
import { server, useConnected, useJobs } from "../core/live";
import { seenAt } from "../core/pages";
import { href } from "../core/routes";
import "./jobs.css";

/** One quiet line that says what is being made, and keeps its place where nothing is. */
export function Making({ jobs }: { jobs: readonly Job[] }) {
  const { t, maybe, integer } = useSpeech();
  const active = jobs.filter(isActive);
  const now = active.find((job) => job.state === "running") ?? active[0];
  return (
    <p className="making small quiet" role="status">
      {now && (
        <>
          <a href={href({ page: "jobs" })}>
            {t("job.making", { what: maybe(`method.${now.request.method}`, now.request.method) })}
            {now.total ? ` ${integer(now.done ?? 0)} / ${integer(now.total)}` : ""}
          </a>{" "}
          <Elapsed job={now} /> {active.length > 1 && t("job.more", { n: active.length - 1 })}{" "}
          <button type="button" onClick={() => active.forEach((job) => void server.cancel(job.id).catch(() => undefined))}>
            {t("job.cancel")}
          </button>
        </>
      )}
    </p>
  );
}

export const isActive = (job: Job) => job.state === "queued" || job.state === "running";

/** Whether a job that fits waits or runs. */
export const useMaking = (fits: (job: Job) => boolean): boolean => useJobs().some((job) => isActive(job) && fits(job));

/** What went wrong with a request, in one line; it goes once the server answers again. */
export function useProblem(): [string | null, (error: Error | null) => void] {
  const { t } = useSpeech();
  const [problem, setProblem] = useState<string | null>(null);
  const connected = useConnected();
  useEffect(() => {
    if (connected) setProblem(null);
  }, [connected]);
  // A request that never arrived is the browser's own error, in its own words.
  return [problem, (error) => setProblem(error && (error instanceof TypeError ? t("studio.lost") : error.message))];
}

export function JobList({ jobs }: { jobs: readonly Job[] }) {
  return (
    <ul className="jobs lined rows below">
      {jobs.map((job) => (
        <JobRow key={job.id} job={job} />
      ))}
    </ul>
  );
}

/** How long it has run, and will; the clock goes on between two words of the server. */
function Elapsed({ job }: { job: Job }) {
  const { t } = useSpeech();
  const [more, setMore] = useState(0);
  const { seconds, left, state } = job;
  useEffect(() => {
    setMore(0);
    if (state !== "running") return undefined;
    const heard = Date.now();
    const clock = setInterval(() => setMore((Date.now() - heard) / 1000), 1000);
    return () => clearInterval(clock);
  }, [seconds, state]);
  if (typeof seconds !== "number") return null;
  return (
    <span className="quiet small">
      {minutes(seconds + more)}
      {state === "running" && typeof left === "number" && ` · ${t("job.left", { time: minutes(Math.max(1, left - more)) })}`}
    </span>
  );
}

/** Seconds as m:ss or h:mm:ss. */
export function minutes(seconds: number): string {
  const whole = Math.round(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return (parts[0] ? parts : parts.slice(1)).map((n, i) => (i ? String(n).padStart(2, "0") : String(n))).join(":");
}

export function JobRow({ job }: { job: Job }) {
  const { t, maybe, percent, date, integer } = useSpeech();
  const [problem, setProblem] = useProblem();
  const act = (what: Promise<unknown>) => void what.then(() => setProblem(null), setProblem);
  const share = job.total ? Math.min(1, (job.done ?? 0) / job.total) : undefined;
  const name = maybe(`method.${job.request.method}`, job.request.method);
  const options = Object.entries(job.request.options ?? {});
  return (
    <li className={`job ${job.state}`}>
      <span>
        <strong>{name}</strong> <span className="quiet">{job.subject}</span>
        {options.length > 0 && <span className="quiet small"> {options.map(([k, v]) => `${k} = ${String(v)}`).join(", ")}</span>}
      </span>
      <span className={`job-state small number ${job.state === "failed" ? "warn" : ""}`}>
        {job.state === "queued" ? t("job.queued", { n: job.position ?? 1 }) : t(`job.${job.state}`)}
        {job.state === "running" && job.total ? ` ${integer(job.done ?? 0)} / ${integer(job.total)}` : ""} <Elapsed job={job} />
        {job.finished && <span className="quiet small"> {date(job.finished)}</span>}
      </span>
      <span className="job-act row">
        {job.page && <a href={href(seenAt(job.page))}>{t("job.see")}</a>}
        {(job.state === "queued" || job.state === "running") && (
          <button type="button" onClick={() => act(server.cancel(job.id))}>
            {t("job.cancel")}
          </button>
        )}
        {(job.state === "failed" || job.state === "cancelled") && (
          <button type="button" onClick={() => act(server.retry(job.id))}>
            {t("job.retry")}
          </button>
        )}
      </span>
      {job.state === "running" && (
        <progress className="whole-row" max={1} {...(share === undefined ? {} : { value: share })} aria-label={share === undefined ? name : `${name} ${percent(share)}`} />
      )}
      {(job.error ?? problem) && <p className="note whole-row">{job.error ?? problem}</p>}
    </li>
  );
}
