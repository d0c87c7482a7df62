import { useJobs, useSession } from "../../core/live";
import { useSpeech } from "../../i18n";

/** Beside the page's name in the header: what is being made now. */
export function Working() {
  const { t, integer } = useSpeech();
  const active = useJobs().filter((j) => j.state === "running" || j.state === "queued").length;
  const network = useSession()?.network;
  return (
    <>
      {active > 0 && (
        <span className="count" title={t("jobs.active", { n: active })}>
          {integer(active)}
        </span>
      )}
      {network?.state === "loading" && <span className="dot busy" title={t("studio.network.loading")} />}
      {network?.state === "failed" && <span className="dot bad" title={network.reason} />}
    </>
  );
}
