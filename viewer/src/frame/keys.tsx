// What the keys do.
import { useEffect, useRef } from "react";
import { useSpeech, type Key } from "../i18n";

const KEYS: readonly (readonly [keys: readonly string[], does: Key])[] = [
  [["/"], "keys.search"],
  [["←", "→"], "keys.beside"],
  [["Ctrl", "Z"], "keys.undo"],
  [["Esc"], "keys.close"],
  [["?"], "keys.this"],
];

export default function Keys({ close }: { close: () => void }) {
  const { t } = useSpeech();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className="keys floating" aria-label={t("keys.title")} onClose={close}>
      <h2>{t("keys.title")}</h2>
      <dl className="facts listed">
        {KEYS.map(([keys, does]) => (
          <div key={does}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key} </kbd>
              ))}
            </dt>
            <dd>{t(does)}</dd>
          </div>
        ))}
      </dl>
      <p className="row below">
        <button type="button" onClick={() => dialog.current?.close()}>
          {t("studio.close")}
        </button>
      </p>
    </dialog>
  );
}
