import { href } from "../../core/routes";
import type { Overview } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { Listed } from "../../parts/listed";

export function TrainingCards({ overview: { trainings, networks } }: { overview: Overview }) {
  const { t } = useSpeech();
  if (trainings.length === 0) return null;
  return (
    <Listed title={t("trainings")}>
      <ul className="tiles broad">
        {trainings.map((card) => (
          <li key={card.id}>
            <a className="training-card stack close edged plain" href={href({ page: "training", training: card.id })}>
              <strong>{card.run}</strong>
              <span className="quiet">
                {networks.find((one) => one.fingerprint === card.network)?.name} · {t("training.lead", { n: card.steps, last: card.last })}
              </span>
              <span className={card.alarms ? "warn" : "quiet"}>{card.alarms ? t("training.alarms.n", { n: card.alarms }) : t("training.alarms.none")}</span>
            </a>
          </li>
        ))}
      </ul>
    </Listed>
  );
}
