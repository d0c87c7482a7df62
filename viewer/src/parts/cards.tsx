// What a family shows of itself on the overview: small, and always there, while its pages are loaded when looked at.
import type { ExperimentCard, NetworkView, Overview, SurveyCard } from "../generated/document";
import { useSpeech, type Key, type Speech } from "../i18n";
import { href } from "../core/routes";
import { Image } from "./picture";
import { Facts } from "./words";

export function NetworkCard({ network, rows }: { network: NetworkView; rows?: boolean }) {
  const speech = useSpeech();
  const { t, integer } = speech;
  const items: [string, React.ReactNode][] = [
    [t("network.source"), <code>{network.source}</code>],
    [t("parameters"), integer(network.parameters)],
    [t("network.layers"), integer(network.layers.length)],
    [t("network.labels"), integer(network.labels)],
    [t("network.preprocess"), preprocessing(network.preprocess, speech)],
    [t("network.device"), [network.device, network.dtype].filter(Boolean).join(" · ")],
    [t("network.fingerprint"), <code title={network.fingerprint}>{network.fingerprint.slice(0, 16)}</code>],
  ];
  if (network.notes.length) items.push([t("notes"), network.notes.join(" · ")]);
  return <Facts items={items} {...(rows ? { rows } : {})} />;
}

function preprocessing(card: NetworkView["preprocess"], { t }: Speech): string {
  if (!card) return t("preprocess.none");
  if (Array.isArray(card.tokens)) return t("preprocess.tokens", { n: card.tokens.length });
  const list = (value: unknown) => (Array.isArray(value) ? [...new Set(value.map((v) => Number(Number(v).toPrecision(4))))].join(", ") : "");
  const shape = Array.isArray(card.size) ? (card.size as number[]).join(" × ") : "";
  const geometry = card.resize
    ? t("preprocess.resize", { resize: String(card.resize), size: shape })
    : t("preprocess.squeeze", { size: shape });
  const values = { order: String(card.order), range: String(card.range), mean: list(card.mean), std: list(card.std) };
  return `${geometry}; ${t("preprocess.values", values)}`;
}

/** The surveys of a workspace, as they stand on the overview. */
export function SurveyCards({ overview, cards }: { overview: Overview; cards: SurveyCard[] }) {
  const { t } = useSpeech();
  return (
    <ul className="survey-cards">
      {cards.map((card) => (
        <li key={card.id}>
          <a className="card survey-card" href={href({ page: "survey", survey: card.id })}>
            {card.cover && (
              <span className="card-picture cover">
                <Image picture={card.cover} alt="" />
              </span>
            )}
            <span className="survey-card-text">
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

export function MapCards({ overview, most }: { overview: Overview; most?: number }) {
  const { t, maybe, percent } = useSpeech();
  return (
    <ul className="cards maps">
      {overview.maps.slice(0, most).map((card) => (
        <li key={card.id}>
          <a className="card" href={href({ page: "map", map: card.id })}>
            <span className="card-picture">
              <Image picture={card.thumb} alt="" />
            </span>
            <span className="card-text">
              <strong>{card.steps.length > 1 ? t("map.title.steps", { first: card.steps[0] ?? "", last: card.steps.at(-1) ?? "" }) : card.steps[0]}</strong>
              <span className="quiet file">
                {t(card.kind === "units" ? "map.lead.units" : "map.lead", { n: card.points, method: maybe(`method.${card.method}`, card.method) })}
                {card.kept !== null && card.points >= 150 && ` · ${t("map.card.kept", { share: percent(Math.round(card.kept * 100) / 100) })}`}
              </span>
            </span>
          </a>
        </li>
      ))}
      {overview.atlases.map((card) => (
        <li key={card.id}>
          <a className="card" href={href({ page: "atlas", atlas: card.id })}>
            <span className="card-picture">
              <Image picture={card.thumb} alt="" />
            </span>
            <span className="card-text">
              <strong>{t("atlas.title", { layer: card.layer })}</strong>
              <span className="quiet file">{t("atlas.lead", { n: card.pictures, layer: card.layer })}</span>
            </span>
          </a>
        </li>
      ))}
    </ul>
  );
}

/** Experiments as they stand on the overview and beside a survey. */
export function ExperimentCards({ cards }: { cards: ExperimentCard[] }) {
  const { t } = useSpeech();
  return (
    <ul className="experiment-cards">
      {cards.map((card) => (
        <li key={card.id}>
          <a className="experiment-card" href={href({ page: "experiment", experiment: card.id })}>
            {card.thumb && <Image picture={card.thumb} alt="" />}
            <span>
              <strong>{t(`experiment.${card.kind}` as Key)}</strong>
              <span className="quiet">{card.kind === "comparison" ? t("layers.n", { n: Number(card.about) }) : card.about}</span>
            </span>
          </a>
        </li>
      ))}
    </ul>
  );
}
