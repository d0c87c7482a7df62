import { href } from "../../core/routes";
import type { Overview, SurveyCard } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { Image } from "../../parts/picture";
import { Listed } from "../../parts/listed";

/** The surveys of a workspace, as they stand on the overview. */
export function SurveyCards({ overview, cards }: { overview: Overview; cards: SurveyCard[] }) {
  const { t } = useSpeech();
  return (
    <ul className="tiles broadest">
      {cards.map((card) => (
        <li key={card.id}>
          <a className="card plain survey-card" href={href({ page: "survey", survey: card.id })}>
            {card.cover && (
              <span className="card-picture as-cover cover shaded">
                <Image picture={card.cover} alt="" />
              </span>
            )}
            <span className="stack close">
              <strong>{overview.networks.find((n) => n.fingerprint === card.network)?.name ?? card.id}</strong>
              <span>{t("survey.card", { units: card.units, layers: card.layers, images: card.images })}</span>
              <span className="quiet">{card.dataset}</span>
              {card.findings !== null && (
                <span className={card.findings ? "warn" : "quiet"}>
                  {card.findings ? t(card.findings === 1 ? "survey.findings.one" : "survey.findings.many", { n: card.findings }) : t("survey.findings.none")}
                </span>
              )}
            </span>
          </a>
        </li>
      ))}
    </ul>
  );
}

export function Surveys({ overview }: { overview: Overview }) {
  const { t } = useSpeech();
  if (overview.surveys.length === 0) return null;
  return (
    <Listed title={t("overview.surveys")}>
      <SurveyCards overview={overview} cards={overview.surveys} />
    </Listed>
  );
}
