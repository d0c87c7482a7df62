import { href } from "../../core/routes";
import type { Overview, Viewer } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { Unknown } from "../../parts/unknown";
import { Explain, MadeBy } from "../../parts/words";
import { experimentOf } from "./kinds";

export default function ExperimentPage({ overview, experiment }: { overview: Overview; experiment: Viewer["experiment"] }) {
  const { t, maybe } = useSpeech();
  const card = overview.experiments.find((one) => one.id === experiment.id);
  const network = overview.networks.find((n) => n.fingerprint === experiment.network);
  const made = overview.records[experiment.record];
  const Drawn = experimentOf(experiment.kind);
  const surveys = overview.surveys.filter((s) => s.network === experiment.network);
  return (
    <>
      <nav className="crumbs">
        {surveys[0] ? (
          <a href={href({ page: "survey", survey: surveys[0].id })}>← {t("survey.all")}</a>
        ) : (
          <a href={href({ page: "overview" })}>← {t("nav.overview")}</a>
        )}
      </nav>
      <header className="page-head tight">
        <h1>{maybe(`experiment.${experiment.kind}`, experiment.kind)}</h1>
        <p className="lead">
          {[network?.name, experiment.kind === "comparison" ? "" : card?.about].filter(Boolean).join(" · ")} · <MadeBy made={made} />
        </p>
        {Drawn && <Explain text={`experiment.${experiment.kind}.explain`} paper={made?.paper ?? Drawn.paper} />}
      </header>
      {Drawn ? <Drawn view={experiment} survey={surveys[0]?.id} /> : <Unknown kind={experiment.kind} />}
    </>
  );
}
