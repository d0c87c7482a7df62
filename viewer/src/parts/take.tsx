// Things to take away: a figure of one result, a report or a contact sheet of what is chosen.
import { use, useState, type ReactNode } from "react";
import { Workspace } from "../core/context";
import { useSpeech } from "../i18n";
import { figure, FIGURES, server, useSession } from "../core/live";
import { keyOf, selection, useSelection, type Chosen } from "../core/selection";
import { isLive } from "../core/source";
import { MethodForm } from "./method-form";
import "./take.css";

/** Chooses a thing, where there is a server that can make something of it. `inline`: in a line of text, else over a picture. */
export function Choose({ one, inline }: { one: Chosen; inline?: boolean }) {
  const { t } = useSpeech();
  const chosen = useSelection();
  if (!isLive) return null;
  return (
    <label className={inline ? "choose inline choose-inline screen-only" : "choose corner screen-only"} title={t("select.one", { name: one.name })}>
      <input type="checkbox" checked={chosen.has(keyOf(one))} onChange={() => selection.toggle(one)} aria-label={t("select.one", { name: one.name })} />
      {inline && <span aria-hidden="true">{t("select.this")}</span>}
    </label>
  );
}

/** A download that the server makes: buttons, and what went wrong. */
function useTaking() {
  const { t } = useSpeech();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const take = (what: Promise<void>) => {
    setBusy(true);
    setProblem(null);
    what.then(
      () => setBusy(false),
      (error: Error) => {
        setBusy(false);
        setProblem(error.message);
      },
    );
  };
  const said: ReactNode = <span role="status">{busy ? t("report.busy") : problem && <span className="note">{problem}</span>}</span>;
  return { busy, take, said };
}

/** Everything as a report, while nothing is chosen: the tray does the same for a selection. */
export function TakeReport() {
  const { t } = useSpeech();
  const chosen = useSelection();
  const { busy, take, said } = useTaking();
  if (chosen.size > 0) return null;
  return (
    <div className="take row screen-only">
      <span className="quiet">{t("select.all")}</span>
      <button type="button" disabled={busy} onClick={() => take(server.report({ single_file: true }))}>
        {t("report.single")}
      </button>
      <button type="button" disabled={busy} onClick={() => take(server.report({ single_file: false }))}>
        {t("report.folder")}
      </button>
      {said}
    </div>
  );
}

/** At the foot of every page as soon as something is chosen. */
export function Tray() {
  const { t } = useSpeech();
  const session = useSession();
  const overview = use(Workspace);
  const chosen = [...useSelection().values()];
  const { busy, take, said } = useTaking();
  const [apply, setApply] = useState(false);
  if (chosen.length === 0) return null;
  const photographs = chosen.flatMap((one) => (one.photograph ? [one.photograph] : []));
  const records = [...new Set(chosen.flatMap((one) => (one.record ? [one.record] : [])))];
  // On a contact sheet a photograph stands with its prediction.
  const items = chosen.flatMap((one) => {
    const record = one.record ?? overview?.photographs.find((card) => card.id === one.photograph)?.record;
    return record ? [{ record, photograph: one.sha256 ?? "", part: one.part ?? null }] : [];
  });
  const report = (single: boolean) => take(server.report({ photographs, records, single_file: single }));
  const ready = session?.network.state === "ready" && photographs.length > 0;
  return (
    <aside className="tray screen-only" aria-label={t("select.tray")}>
      {apply && ready && (
        <div className="tray-form">
          <MethodForm about={{ images: photographs }} />
        </div>
      )}
      <div className="take row screen-only">
        <strong title={chosen.map((one) => one.name).join("\n")}>{t("select.count", { n: chosen.length })}</strong>
        {items.length > 0 && (
          <span className="row">
            <span className="quiet">{t("sheet.take")}</span>
            {FIGURES.map((kind) => (
              <button key={kind} type="button" disabled={busy} onClick={() => take(server.sheet(items, kind))} aria-label={`${t("sheet.take")} ${kind.toUpperCase()}`}>
                {kind.toUpperCase()}
              </button>
            ))}
          </span>
        )}
        <span className="row">
          <button type="button" disabled={busy} onClick={() => report(true)}>
            {t("report.single")}
          </button>
          <button type="button" disabled={busy} onClick={() => report(false)}>
            {t("report.folder")}
          </button>
        </span>
        {ready && (
          <button type="button" aria-expanded={apply} onClick={() => setApply(!apply)}>
            {t("form.title")}
          </button>
        )}
        <button type="button" onClick={selection.clear}>
          {t("clear")}
        </button>
        {said}
      </div>
    </aside>
  );
}

/** A result's figure as a file for a paper. */
export function TakeFigure({ record }: { record: string }) {
  const { t } = useSpeech();
  return (
    <p className="take row screen-only">
      <span className="quiet">{t("figure.take")}</span>
      {FIGURES.map((kind) => (
        <a key={kind} href={figure(record, kind)} download>
          {kind.toUpperCase()}
        </a>
      ))}
    </p>
  );
}
