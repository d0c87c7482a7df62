// What stands below every page: the notes about it, its tables as a file, and its address to copy.
import { useState } from "react";
import { hand } from "../core/hand";
import { server } from "../core/live";
import { isLive } from "../core/source";
import type { Overview } from "../generated/document";
import { useSpeech } from "../i18n";
import { useProblem } from "../parts/jobs";
import { tables } from "./csv";

const pageOf = (address: string) => address.split("?")[0];

export default function End({ overview, title }: { overview: Overview; title: string }) {
  const { t } = useSpeech();
  const here = window.location.hash || "#/";
  const notes = (overview.notes ?? []).filter((note) => pageOf(note.address) === pageOf(here));
  const own = notes.find((note) => note.address === here);
  const [text, setText] = useState<string | null>(null);
  const [said, setSaid] = useState<string | null>(null);
  const [problem, setProblem] = useProblem();
  const heading = () => document.querySelector("main h1")?.textContent ?? title;
  const keep = () =>
    void server.note(here, heading(), text ?? "").then(() => {
      setText(null);
      setProblem(null);
    }, setProblem);
  return (
    <footer className="page-end stack below" key={here}>
      {notes.map((note) => (
        <blockquote key={note.address} className="note-text">
          {note.text} {note.address !== here && <a href={note.address}>{t("notes.view")}</a>}
        </blockquote>
      ))}
      {text !== null && (
        <form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault();
            keep();
          }}
        >
          <label className="stack close">
            {t("notes.about", { title: heading() })}
            <textarea rows={3} value={text} autoFocus onChange={(event) => setText(event.target.value)} />
          </label>
          <span className="row">
            <button type="submit" className="primary">
              {t("notes.keep")}
            </button>
            <button type="button" onClick={() => setText(null)}>
              {t("studio.close")}
            </button>
            <span className="caption">{t("notes.help")}</span>
          </span>
        </form>
      )}
      <p className="row small screen-only">
        {isLive && text === null && (
          <button type="button" onClick={() => setText(own?.text ?? "")}>
            {t(own ? "notes.edit" : "notes.add")}
          </button>
        )}
        <button
          type="button"
          onClick={() => {
            const found = tables();
            if (found) hand(new Blob(["\ufeff", found], { type: "text/csv" }), `${heading().replace(/[^\p{L}\p{N}]+/gu, "-")}.csv`);
            setSaid(found ? null : t("csv.none"));
          }}
        >
          {t("csv.take")}
        </button>
        <button type="button" onClick={() => void navigator.clipboard?.writeText(window.location.href).then(() => setSaid(t("about.copied")), () => setSaid(window.location.href))}>
          {t("link.copy")}
        </button>
        <span role="status" className="quiet">
          {problem ?? said}
        </span>
      </p>
    </footer>
  );
}
