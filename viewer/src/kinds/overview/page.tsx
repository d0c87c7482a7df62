import type { Overview } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { useSession } from "../../core/live";
import { ExperimentCards, MapCards, NetworkCard, SurveyCards } from "../../parts/cards";
import { DataFolder } from "./data";
import { Image } from "../../parts/picture";
import { Choose, TakeReport } from "../../parts/take";
import { Summary } from "./summary";
import { Explain } from "../../parts/words";
import { href } from "../../core/routes";
import { folder, hasModel, isLive } from "../../core/source";
import { ResultCards, SequenceList } from "../sequences/page";

export function OverviewPage({ overview }: { overview: Overview }) {
  const { t, percent, date } = useSpeech();
  const pending = useSession()?.pending;
  const { photographs, patterns, networks } = overview;
  const images = patterns.flatMap((set) => set.images.map((image, target) => ({ set, image, target })));
  const counted = [
    photographs.length && t(photographs.length === 1 ? "overview.lead.one" : "overview.lead.many", { n: photographs.length }),
    overview.maps.length && t(overview.maps.length === 1 ? "overview.maps.one" : "overview.maps.many", { n: overview.maps.length }),
    overview.surveys.length && t(overview.surveys.length === 1 ? "overview.survey.one" : "overview.survey.many", { n: overview.surveys.length }),
    images.length && t(images.length === 1 ? "overview.patterns.one" : "overview.patterns.many", { n: images.length }),
    overview.sequences.length && t(overview.sequences.length === 1 ? "overview.sequences.one" : "overview.sequences.many", { n: overview.sequences.length }),
  ].filter(Boolean);
  return (
    <>
      <header className="page-head">
        <h1>{overview.title}</h1>
        <p className="lead">{counted.length ? counted.join(" · ") : t(pending ? "overview.pending" : "overview.empty")}</p>
        <Explain text="overview.explain" />
      </header>
      <Summary overview={overview} />
      {photographs.length > 0 && (
        <section>
          <div className="row-head">
            <h2>{t("photographs")}</h2>
            {isLive && <TakeReport />}
          </div>
          <ul className="cards">
            {photographs.map((card, i) => (
              <li key={card.id}>
                <a className="card" href={href({ page: "image", image: card.id })}>
                  <span className="card-picture">
                    <Image picture={card.thumb} alt="" eager={i < 12} />
                  </span>
                  <span className="card-text">
                    <strong>{card.best?.label ?? t("overview.noguess")}</strong>
                    {card.best && <span className="number">{percent(card.best.probability)}</span>}
                    <span className="quiet file">
                      {card.name}
                      {networks.length > 1 && ` · ${networks.find((n) => n.fingerprint === card.network)?.name ?? ""}`}
                    </span>
                  </span>
                </a>
                <Choose one={{ name: card.name, photograph: card.id }} />
              </li>
            ))}
          </ul>
        </section>
      )}
      {/* Where nothing is known yet, what there is comes first: the folder waits for it, that it need not move. */}
      {(hasModel || folder !== null) && networks.length + photographs.length > 0 && <DataFolder />}
      {overview.surveys.length > 0 && (
        <section>
          <h2>{t("overview.surveys")}</h2>
          <SurveyCards overview={overview} cards={overview.surveys} />
        </section>
      )}
      {overview.experiments.length > 0 && (
        <section>
          <h2>{t("experiments")}</h2>
          <ExperimentCards cards={overview.experiments} />
        </section>
      )}
      {overview.skipped.length > 0 && <Named title={t("overview.skipped")} items={overview.skipped} />}
      {overview.damaged.length > 0 && <Named title={t("overview.damaged")} items={overview.damaged} />}
      {images.length > 0 && (
        <section>
          <div className="row-head">
            <h2>{t("patterns")}</h2>
            <a href={href({ page: "patterns" })}>{t("overview.patterns.more")}</a>
          </div>
          <ul className="strip">
            {images.slice(0, 12).map(({ set, image, target }) => (
              <li key={`${set.record}/${target}`}>
                <a className="card" href={href({ page: "patterns", record: set.record, target })}>
                  <span className="card-picture square">
                    <Image picture={image.thumb ?? image.picture} alt="" />
                  </span>
                  <span className="card-text">
                    <strong>{image.target}</strong>
                  </span>
                </a>
              </li>
            ))}
          </ul>
        </section>
      )}
      {overview.maps.length + overview.atlases.length > 0 && (
        <section>
          <div className="row-head">
            <h2>{t("nav.maps")}</h2>
            <a href={href({ page: "maps" })}>{t("overview.maps.more")}</a>
          </div>
          <MapCards overview={overview} most={8} />
        </section>
      )}
      {(overview.sequences.length > 0 || overview.sequence_results.length > 0) && (
        <section>
          <div className="row-head">
            <h2>{t("nav.sequences")}</h2>
            <a href={href({ page: "sequences" })}>{t("overview.sequences.more")}</a>
          </div>
          <ResultCards overview={overview} />
          <SequenceList overview={overview} most={6} />
        </section>
      )}
      {(networks.length > 1 ? networks : []).map((network) => (
        <section key={network.id}>
          <div className="row-head">
            <h2>{network.name}</h2>
            <a href={href({ page: "network", network: network.id.slice(0, 16) })}>{t("overview.network.more")}</a>
          </div>
          <NetworkCard network={network} />
        </section>
      ))}
      <p className="quiet foot">{t("overview.made", { date: date(overview.created), version: overview.deepro })}</p>
    </>
  );
}

function Named({ title, items }: { title: string; items: { name: string; reason: string }[] }) {
  return (
    <section className="named">
      <h2>{title}</h2>
      <ul>
        {items.map((item, i) => (
          <li key={i}>
            <strong>{item.name}</strong> <span>{item.reason}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
