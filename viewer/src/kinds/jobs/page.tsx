import { useState } from "react";
import type { Job } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { server, useJobs, useSession } from "../../core/live";
import { MethodForm } from "../../parts/form";
import { Explain } from "../../parts/words";
import { href, type Route } from "../../core/routes";

export function JobsPage() {
  const { t } = useSpeech();
  const jobs = useJobs();
  const session = useSession();
  const network = session?.network;
  const active = jobs.filter((j) => j.state === "running" || j.state === "queued");
  const over = jobs.filter((j) => !active.includes(j));
  return (
    <>
      <header className="page-head">
        <h1>{t("nav.jobs")}</h1>
        <p className="lead">
          {network?.state === "ready"
            ? t("jobs.network", { name: network.name })
            : t(network?.state === "failed" ? "studio.network.failed" : network?.state === "loading" ? "studio.network.loading" : "studio.network.none")}
        </p>
        {network?.state === "failed" && <p className="note">{network.reason}</p>}
        <Explain text="jobs.explain" />
      </header>
      <section>
        <h2>{t("jobs.now")}</h2>
        {active.length > 0 ? <JobList jobs={active} /> : <p className="quiet">{t("jobs.none")}</p>}
      </section>
      {network?.state === "ready" && (
        <section>
          <h2>{t("form.title")}</h2>
          <MethodForm about={{}} />
        </section>
      )}
      {over.length > 0 && (
        <section>
          <h2>{t("jobs.over")}</h2>
          <JobList jobs={over} />
        </section>
      )}
    </>
  );
}

export function JobList({ jobs }: { jobs: readonly Job[] }) {
  return (
    <ul className="jobs">
      {jobs.map((job) => (
        <JobRow key={job.id} job={job} />
      ))}
    </ul>
  );
}

export function JobRow({ job }: { job: Job }) {
  const { t, maybe, percent, date, integer } = useSpeech();
  const [problem, setProblem] = useState<string | null>(null);
  const act = (what: Promise<unknown>) => void what.then(() => setProblem(null), (error: Error) => setProblem(error.message));
  const share = job.total ? Math.min(1, (job.done ?? 0) / job.total) : undefined;
  const name = maybe(`method.${job.request.method}`, job.request.method);
  const options = Object.entries(job.request.options ?? {});
  return (
    <li className={`job ${job.state}`}>
      <span className="job-name">
        <strong>{name}</strong> <span className="quiet">{job.subject}</span>
        {options.length > 0 && <span className="quiet small"> {options.map(([k, v]) => `${k} = ${String(v)}`).join(", ")}</span>}
      </span>
      <span className="job-state">
        {job.state === "queued" ? t("job.queued", { n: job.position ?? 1 }) : t(`job.${job.state}`)}
        {job.state === "running" && job.total ? ` ${integer(job.done ?? 0)} / ${integer(job.total)}` : ""}
        {job.finished && <span className="quiet small"> {date(job.finished)}</span>}
      </span>
      <span className="job-act">
        {job.page && <a href={href(seenAt(job))}>{t("job.see")}</a>}
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
        <progress max={1} {...(share === undefined ? {} : { value: share })} aria-label={share === undefined ? name : `${name} ${percent(share)}`} />
      )}
      {(job.error ?? problem) && <p className="note">{job.error ?? problem}</p>}
    </li>
  );
}

/** The page on which a job's result is seen. */
export function seenAt(job: Job): Route {
  const [kind = "", id = ""] = job.page ?? [];
  if (kind === "photograph") return { page: "image", image: id };
  if (kind === "patterns") return { page: "patterns", record: id };
  if (kind === "map") return { page: "map", map: id };
  if (kind === "atlas") return { page: "atlas", atlas: id };
  if (kind === "survey") return { page: "survey", survey: id };
  if (kind === "experiment") return { page: "experiment", experiment: id };
  if (kind === "sequence") return { page: "sequence", sequence: id };
  if (kind === "cells" || kind === "memory" || kind === "matches" || kind === "figure") return { page: kind, record: id };
  return { page: "overview" };
}
