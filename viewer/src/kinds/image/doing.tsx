// On a photograph's page, live only: methods to apply, their jobs, and hiding part of the picture.
import type { Job, PhotographPage } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { useJobs, useSession } from "../../core/live";
import { JobList, Making } from "../../parts/jobs";
import { MethodForm } from "../../parts/method-form";
import { Occlude } from "./occlude";

const RECENT = 300_000; // milliseconds for which a failure is told here; the page of jobs keeps it

export default function Doing({ photograph }: { photograph: PhotographPage }) {
  const { t } = useSpeech();
  const session = useSession();
  const jobs = useJobs();
  if (session?.network.state !== "ready") return null;
  if (session.network.fingerprint !== photograph.network)
    return <p className="caption">{t("doing.other", { name: session.network.name })}</p>;
  const fresh = (job: Job) => job.state === "failed" && Date.now() - Date.parse(job.finished ?? "") < RECENT;
  const own = jobs.filter((job) => job.request.image === photograph.id);
  const failed = own.filter(fresh);
  return (
    <>
      <Making jobs={own} />
      <Occlude photograph={photograph} key={photograph.id} />
      <section>
        <details className="more screen-only">
          <summary>{t("form.title")}</summary>
          <MethodForm about={{ image: photograph.id }} />
        </details>
        {failed.length > 0 && <JobList jobs={failed} />}
      </section>
    </>
  );
}
