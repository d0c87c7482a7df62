import { href } from "../../core/routes";
import type { Overview } from "../../generated/document";
import { useSpeech, type Key } from "../../i18n";

/** What the units' diagnosis found, before everything else. */
export function Diagnoses({ overview }: { overview: Overview }) {
  const { t, integer } = useSpeech();
  const looked = overview.surveys.filter((card) => card.findings !== null);
  if (looked.length === 0) return null;
  return (
    <section className="health-first over" aria-label={t("survey.health")}>
      <ul className="stack close">
        {looked.map((card) => (
          <li key={card.id} className={card.findings ? "row ill" : "row"}>
            <a href={href({ page: "health", survey: card.id })}>
              <strong>{t("survey.health")}</strong>{" "}
              {card.findings ? t(card.findings === 1 ? "survey.findings.one" : "survey.findings.many", { n: card.findings }) : t("survey.findings.none")} →
            </a>
            <span className="quiet">
              {Object.entries(card.faults ?? {})
                .map(([fault, n]) => `${t(`fault.${fault}` as Key)} ${integer(n)}`)
                .join(" · ")}
            </span>
            <span className="quiet">
              {overview.networks.find((n) => n.fingerprint === card.network)?.name} · {card.dataset}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
