import { href } from "../../core/routes";
import type { Overview } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { Image } from "../../parts/picture";
import { Listed } from "../../parts/listed";

export function MapCards({ overview, most }: { overview: Overview; most?: number }) {
  const { t, maybe, percent } = useSpeech();
  return (
    <ul className="tiles maps">
      {overview.maps.slice(0, most).map((card) => (
        <li key={card.id}>
          <a className="card plain" href={href({ page: "map", map: card.id })}>
            <span className="card-picture cover edged">
              <Image picture={card.thumb} alt="" />
            </span>
            <span className="card-text">
              <strong>{card.steps.length > 1 ? t("map.title.steps", { first: card.steps[0] ?? "", last: card.steps.at(-1) ?? "" }) : card.steps[0]}</strong>
              <span className="quiet small whole-row">
                {t(card.kind === "units" ? "map.lead.units" : "map.lead", { n: card.points, method: maybe(`method.${card.method}`, card.method) })}
                {card.kept !== null && card.points >= 150 && ` · ${t("map.card.kept", { share: percent(Math.round(card.kept * 100) / 100) })}`}
              </span>
            </span>
          </a>
        </li>
      ))}
      {overview.atlases.map((card) => (
        <li key={card.id}>
          <a className="card plain" href={href({ page: "atlas", atlas: card.id })}>
            <span className="card-picture cover edged">
              <Image picture={card.thumb} alt="" />
            </span>
            <span className="card-text">
              <strong>{t("atlas.title", { layer: card.layer })}</strong>
              <span className="quiet small whole-row">{t("atlas.lead", { n: card.pictures, layer: card.layer })}</span>
            </span>
          </a>
        </li>
      ))}
    </ul>
  );
}

export function Maps({ overview }: { overview: Overview }) {
  const { t } = useSpeech();
  if (overview.maps.length + overview.atlases.length === 0) return null;
  return (
    <Listed title={t("nav.maps")} more={<a href={href({ page: "maps" })}>{t("overview.maps.more")}</a>}>
      <MapCards overview={overview} most={8} />
    </Listed>
  );
}
