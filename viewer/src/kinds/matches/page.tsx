// Where in the corpus the cells of a range are on again, as the search on all of its numbers found it.
import type { MatchesPage, MatchView, Overview } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { Explain, MadeBy } from "../../parts/words";
import { href } from "../../core/routes";
import { EnrichmentTable } from "./matching-panel";
import { Sparkline } from "../../parts/sequence/sparkline";
import { sequenceName, trackName } from "../../parts/sequence/names";
import { cellKey } from "../../parts/sequence/states";
import { visible } from "../../parts/sequence/tokens";

const shown = (text: string) => [...text].map(visible).join("");

export default function MatchesView({ overview, page }: { overview: Overview; page: MatchesPage }) {
  const speech = useSpeech();
  const { t, number, integer, percent } = speech;
  const made = page.records[page.record];
  const cell = page.cells[0];
  const names = new Map(overview.sequences.map((card) => [card.id, sequenceName(speech, card.name)]));
  const to = (match: MatchView | { sequence: string; start: number; stop: number }) =>
    href({ page: "sequence", sequence: match.sequence, at: match.start, to: match.stop, ...(cell ? { cell: cellKey(cell.layer, cell.direction, cell.state, cell.unit) } : {}) });
  const steps = (match: { start: number; stop: number }) => `${integer(match.start)}–${integer(match.stop)}`;
  /** A place in its context: text, or the series about it, or at least its steps. */
  const place = (match: MatchView) =>
    match.curve ? (
      <>
        <Sparkline curve={match.curve} start={match.start} stop={match.stop} label={t("matches.curve", { steps: steps(match) })} />
        <span className="match-steps">{steps(match)}</span>
      </>
    ) : (
      <>
        <span className="match-before">{shown(match.before)}</span>
        <mark>{shown(match.inside) || steps(match)}</mark>
        <span>{shown(match.after)}</span>
      </>
    );
  return (
    <>
      <nav className="crumbs">
        <a href={href({ page: "sequences" })}>← {t("nav.back", { name: t("nav.sequences") })}</a>
      </nav>
      <header className="page-head tight">
        <h1>{t("nav.matches")}</h1>
        <p className="lead">
          {t("matches.lead", { count: page.count, steps: page.steps })} · {overview.networks.find((n) => n.fingerprint === page.network)?.name} · <MadeBy made={made} />
        </p>
        <Explain text="matches.explain" paper={made?.paper} />
      </header>
      <section>
        <h2>{t("matches.selection")}</h2>
        <p className="below">
          <a className="match-line plain" href={to(page.selection)}>{place(page.selection)}</a>
        </p>
        <p className="caption">
          {names.get(page.selection.sequence)} {integer(page.selection.start)}–{integer(page.selection.stop)} · {t("nav.cells")}:{" "}
          {page.cells.map((c, i) => (
            <span key={i}>
              {i > 0 && ", "}
              <a href={href({ page: "sequence", sequence: page.selection.sequence, cell: cellKey(c.layer, c.direction, c.state, c.unit), at: page.selection.start, to: page.selection.stop })}>
                {c.layer} {c.state} {c.unit}
              </a>{" "}
              {c.sign > 0 ? ">" : "<"} {number(c.threshold)}
            </span>
          ))}
        </p>
      </section>
      <section>
        <h2>{t("matches.places")}</h2>
        {page.miss && (
          <>
            <p className="note">{t("matches.miss", { share: percent(page.miss.share) })}</p>
            <p className="below">
              <a className="match-line plain" href={to(page.miss)}>{place(page.miss)}</a>
            </p>
          </>
        )}
        {page.matches.length > 0 && (
          <div className="matching-columns split">
            <ol className="matches-list limited lined rows" tabIndex={0} aria-label={t("nav.matches")}>
              {page.matches.map((match, i) => (
                <li key={i}>
                  <a className="match-line plain" href={to(match)} title={`${names.get(match.sequence) ?? ""} ${steps(match)}`}>
                    {place(match)}
                  </a>
                  <span className="one-line small quiet">{match.on.slice(0, 3).map((name) => trackName(speech, name)).join(" · ")}</span>
                </li>
              ))}
            </ol>
            <div>
              <h3>{t("matches.enrichment")}</h3>
              <EnrichmentTable rows={page.enrichment} />
              <p className="caption">{t("matches.enrichment.caption")}</p>
            </div>
          </div>
        )}
      </section>
      {page.nearest.length > 0 && (
        <section>
          <h2>{t("matches.nearest")}</h2>
          <ol className="matches-list lined rows">
            {page.nearest.map((one, i) => (
              <li key={i}>
                <a className="match-line plain" href={to({ sequence: one.sequence, start: one.step, stop: one.step + 1 })} title={names.get(one.sequence)}>
                  {one.curve ? (
                    <>
                      <Sparkline curve={one.curve} start={one.step} stop={one.step + 1} label={t("matches.curve", { steps: integer(one.step) })} />
                      <span className="match-steps">{integer(one.step)}</span>
                    </>
                  ) : (
                    <>
                      <span className="match-before">{shown(one.before)}</span>
                      <mark>{one.before || one.after ? "|" : integer(one.step)}</mark>
                      <span>{shown(one.after)}</span>
                    </>
                  )}
                </a>
                <span className="one-line small quiet">cos {number(one.cosine)}</span>
              </li>
            ))}
          </ol>
          <p className="caption">{t("matches.nearest.caption")}</p>
        </section>
      )}
    </>
  );
}
