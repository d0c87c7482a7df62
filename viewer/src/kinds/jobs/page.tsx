import { useSpeech } from "../../i18n";
import { useJobs, useSession } from "../../core/live";
import { JobList } from "../../parts/jobs";
import { MethodForm } from "../../parts/method-form";
import { Explain } from "../../parts/words";

export default function JobsPage() {
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

