import { href } from "../../core/routes";
import { folder, hasModel, isLive } from "../../core/source";
import type { Overview } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { Listed } from "../../parts/listed";
import { Image } from "../../parts/picture";
import { Choose, TakeReport } from "../../parts/take";
import { DataFolder } from "./data";

export function Photographs({ overview: { photographs, networks } }: { overview: Overview }) {
  const { t, percent } = useSpeech();
  return (
    <>
      {photographs.length > 0 && (
        <Listed title={t("photographs")} more={isLive && <TakeReport />}>
          <ul className="cards tiles">
            {photographs.map((card, i) => (
              <li key={card.id}>
                <a className="card plain" href={href({ page: "image", image: card.id })}>
                  <span className="card-picture cover shaded">
                    <Image picture={card.thumb} alt="" eager={i < 12} />
                  </span>
                  <span className="card-text">
                    <strong>{card.best?.label ?? t("overview.noguess")}</strong>
                    {card.best && <span className="number">{percent(card.best.probability)}</span>}
                    <span className="quiet small whole-row">
                      {card.name}
                      {networks.length > 1 && ` · ${networks.find((n) => n.fingerprint === card.network)?.name ?? ""}`}
                    </span>
                  </span>
                </a>
                <Choose one={{ name: card.name, photograph: card.id }} />
              </li>
            ))}
          </ul>
        </Listed>
      )}
      {/* Where nothing is known yet, what there is comes first: the folder waits for it, that it need not move. */}
      {(hasModel || folder !== null) && networks.length + photographs.length > 0 && <DataFolder />}
    </>
  );
}
