import { Suspense, useState } from "react";
import { later } from "../../core/piece";
import { href } from "../../core/routes";
import { folder, hasModel, isLive } from "../../core/source";
import type { Overview } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { Listed } from "../../parts/listed";
import { Image } from "../../parts/picture";
import { Choose, TakeReport } from "../../parts/take";
import type { Choice } from "./confusions";
import { DataFolder } from "./data";
import { isWrong } from "./truth";

const Confusions = later("confusions", () => import("./confusions"));

export function Photographs({ overview: { photographs, networks } }: { overview: Overview }) {
  const { t, percent } = useSpeech();
  const [shown, show] = useState<Choice>("all");
  const labelled = photographs.filter((card) => card.truth && card.best);
  const wrong = labelled.filter(isWrong);
  const cards = shown === "all" ? photographs : photographs.filter((card) => isWrong(card) && (shown === "wrong" || (card.truth === shown[0] && card.best?.label === shown[1])));
  return (
    <>
      {photographs.length > 0 && (
        <Listed title={t("photographs")} more={isLive && <TakeReport />}>
          {labelled.length > 0 && (
            <p className="row over">
              <span>{t("truth.count", { right: labelled.length - wrong.length, n: labelled.length })}</span>
              {wrong.length > 0 && (
                <button type="button" aria-pressed={shown !== "all"} onClick={() => show(shown === "all" ? "wrong" : "all")}>
                  {shown === "all" ? t("truth.only", { n: wrong.length }) : t("truth.all")}
                </button>
              )}
            </p>
          )}
          {shown !== "all" && (
            <Suspense>
              <Confusions cards={wrong} chosen={shown} choose={show} />
            </Suspense>
          )}
          <ul className="cards tiles">
            {cards.map((card, i) => (
              <li key={card.id}>
                <a className="card plain" href={href({ page: "image", image: card.id })}>
                  <span className="card-picture cover shaded">
                    <Image picture={card.thumb} alt="" eager={i < 12} />
                  </span>
                  <span className="card-text">
                    <strong>{card.best?.label ?? t("overview.noguess")}</strong>
                    {card.best && <span className="number">{percent(card.best.probability)}</span>}
                    {isWrong(card) && <span className="small warn whole-row">{t("truth.wrong", { truth: card.truth ?? "", read: card.best?.label ?? "" })}</span>}
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
