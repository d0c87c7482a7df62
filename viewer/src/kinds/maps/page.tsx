import type { KnowledgeView, Overview } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { MapCards } from "./cards";
import { Knowledge } from "./knowledge";
import { Explain } from "../../parts/words";

export default function MapsPage({ overview }: { overview: Overview }) {
  const { t } = useSpeech();
  return (
    <>
      <header className="page-head">
        <h1>{t("nav.maps")}</h1>
        <Explain text="maps.explain" />
      </header>
      {overview.maps.length + overview.atlases.length > 0 && <MapCards overview={overview} />}
      {overview.knowledge.map((one: KnowledgeView) => (
        <Knowledge key={one.record} overview={overview} view={one} />
      ))}
    </>
  );
}

