import type { PhotographCard } from "../../generated/document";
import { useSpeech } from "../../i18n";

/** What the data set calls a photograph, beside what the network reads. */
export function Truth({ truth, read }: { truth: string; read: string }) {
  const { t } = useSpeech();
  return truth === read ? <p className="small quiet">{t("truth.right", { truth })}</p> : <p className="small warn">{t("truth.wrong", { truth, read })}</p>;
}

export const isWrong = (card: PhotographCard) => Boolean(card.truth && card.best && card.truth !== card.best.label);
