import { useSpeech } from "../i18n";

/** In place of a result whose kind this viewer does not know: its record still tells how it was made. */
export function Unknown({ kind }: { kind: string }) {
  const { t } = useSpeech();
  return <p className="note">{t("state.unknown", { kind })}</p>;
}
