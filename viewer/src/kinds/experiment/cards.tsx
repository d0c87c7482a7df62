import { href } from "../../core/routes";
import type { ExperimentCard, Overview } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { Image } from "../../parts/picture";
import { Listed } from "../../parts/listed";

/** Experiments as they stand on the overview and beside a survey. */
export function ExperimentCards({ cards }: { cards: ExperimentCard[] }) {
  const { t, maybe } = useSpeech();
  return (
    <ul className="tiles broad">
      {cards.map((card) => (
        <li key={card.id}>
          <a className="experiment-card beside edged plain" href={href({ page: "experiment", experiment: card.id })}>
            {card.thumb && <Image picture={card.thumb} alt="" />}
            <span className="stack close">
              <strong>{maybe(`experiment.${card.kind}`, card.kind)}</strong>
              <span className="quiet">{card.kind === "comparison" ? t("layers.n", { n: Number(card.about) }) : card.about}</span>
            </span>
          </a>
        </li>
      ))}
    </ul>
  );
}

export function Experiments({ overview: { experiments } }: { overview: Overview }) {
  const { t } = useSpeech();
  if (experiments.length === 0) return null;
  return (
    <Listed title={t("experiments")}>
      <ExperimentCards cards={experiments} />
    </Listed>
  );
}
