// Units that track something, with everything that says whether to believe it.
import type { CellsPage, CellFinding, Overview } from "../../generated/document";
import { useSpeech, type Speech } from "../../i18n";
import { Explain, MadeBy } from "../../parts/words";
import { href } from "../../core/routes";
import { trackName } from "../../parts/sequence/names";
import { cellKey } from "../../parts/sequence/states";
import { visible } from "../../parts/sequence/tokens";

export default function CellsView({ overview, page }: { overview: Overview; page: CellsPage }) {
  const speech = useSpeech();
  const { t, integer, number, percent } = speech;
  const made = page.records[page.record];
  const tracks = [...new Map(page.findings.map((f) => [f.track, f])).keys()];
  const best = tracks.map((track) => page.findings.filter((f) => f.track === track));
  best.sort((a, b) => Number(b[0]?.survives) - Number(a[0]?.survives));
  const at = page.held_out[0] ?? page.sequences[0];
  const to = (f: CellFinding) => (at ? href({ page: "sequence", sequence: at, cell: cellKey(f.layer, f.direction, f.state, f.unit) }) : "#/");
  const probe = new Map(page.probes.map((p) => [p.track, p] as const));
  const name = (f: CellFinding) => `${f.layer}${f.direction ? " ←" : ""} ${f.state} ${f.unit} ${f.sign > 0 ? "+" : "−"}`;
  const told = (value: number | null | undefined) => (value === null || value === undefined ? "–" : number(value));
  const alive = best.filter((found) => found[0]?.survives).length;
  return (
    <>
      <nav className="crumbs">
        <a href={href({ page: "sequences" })}>← {t("nav.back", { name: t("nav.sequences") })}</a>
      </nav>
      <header className="page-head tight">
        <h1>{t("nav.cells")}</h1>
        <p className="lead">
          {t("cells.lead.short", { alive, tracks: tracks.length })} · {overview.networks.find((n) => n.fingerprint === page.network)?.name} · <MadeBy made={made} />
        </p>
        <Explain text="cells.explain" paper={made?.paper} />
      </header>
      <section className="scroll" tabIndex={0} aria-label={t("nav.cells")}>
        <table className="numbers">
          <thead>
            <tr>
              <th scope="col">{t("annotation")}</th>
              <th scope="col">{t("cells.cell")}</th>
              <th scope="col">
                {t("cells.score")}
              </th>
              <th scope="col">{t("cells.heldout")}</th>
              <th scope="col">{t("cells.control")}</th>
              <th scope="col">{t("cells.null")}</th>
              <th scope="col">{t("cells.clamp")}</th>
              <th scope="col">{t("cells.moved")}</th>
              <th scope="col">{t("cells.probe")}</th>
              <th scope="col">{t("cells.verdict")}</th>
            </tr>
          </thead>
          <tbody>
            {best.map(([f, ...others]) =>
              f ? (
                <tr key={f.track} className={f.survives ? undefined : "dim"}>
                  <th scope="row">{trackName(speech, f.track)}</th>
                  <td className="one-line">
                    <a href={to(f)}>{name(f)}</a>
                    <span className="row small">
                      {others.map((o) => (
                        <a className="quiet" key={`${o.state}${o.unit}`} href={to(o)} title={o.held_out === null ? undefined : number(o.held_out)}>
                          {o.state} {o.unit}
                        </a>
                      ))}
                    </span>
                  </td>
                  <td>
                    <Meter finding={f} />
                  </td>
                  <td>
                    {told(f.held_out)}
                    {f.low !== null && f.high !== null && (
                      <span className="quiet">
                        {" "}
                        [{number(f.low)}, {number(Math.min(1, f.high))}]
                      </span>
                    )}{" "}
                    <span className="quiet">{t(`measure.${f.measure}` as "measure.auc")}</span>
                  </td>
                  <td>
                    {told(f.control)}
                    {f.control_high !== null && <span className="quiet"> &lt; {number(f.control_high)}</span>}
                  </td>
                  <td>{told(f.p)}</td>
                  <td>
                    {f.clamp ? (
                      <>
                        {number(f.clamp.effect)}
                        {f.clamp.elsewhere !== null && <span className="quiet"> / {number(f.clamp.elsewhere)}</span>}
                        {f.clamp.beaten !== null && <span className="quiet"> · {t("cells.beaten", { share: percent(f.clamp.beaten) })}</span>}
                      </>
                    ) : (
                      "–"
                    )}
                  </td>
                  <td>
                    {f.clamp?.falls ? (
                      <>
                        P(<code>{visible(f.clamp.falls.label)}</code>) {number(f.clamp.falls.before)} → {number(f.clamp.falls.after)}
                      </>
                    ) : (
                      "–"
                    )}
                  </td>
                  <td>
                    {told(probe.get(f.track)?.held_out)}
                    <span className="quiet"> / {told(probe.get(f.track)?.control)}</span>
                  </td>
                  <td>{f.survives ? <strong>{verdict(f, t)}</strong> : verdict(f, t)}</td>
                </tr>
              ) : null,
            )}
          </tbody>
        </table>
        <p className="caption">{t("cells.caption", { units: page.units, steps: integer(page.steps), searched: integer(page.searched) })}</p>
        <p className="caption">{t(page.split === "time" ? "cells.split.time" : "cells.split.sequence", { n: page.splits, of: page.pieces })}</p>
      </section>
    </>
  );
}

/** What the controls allow to be said, and which of them refuses it or leaves it open. */
export function verdict(f: CellFinding, t: Speech["t"]): string {
  const said = t(f.verdict === "undecided" ? "cells.undecided" : f.survives ? (f.verdict.includes(",") ? "cells.unheld" : "cells.yes") : "cells.no");
  return f.why.length ? `${said}: ${f.why.map((one) => t(`cells.why.${one.replace(" ", "")}` as "cells.why.shifted")).join(", ")}` : said;
}

/** The score on its scale, chance at the left, with the control's as a line across. */
function Meter({ finding }: { finding: CellFinding }) {
  const { t, number } = useSpeech();
  if (finding.held_out === null || finding.measure === "information") return null;
  const chance = finding.measure === "auc" ? 0.5 : 0;
  const place = (value: number) => `${(100 * Math.max(0, Math.min(1, (value - chance) / (1 - chance)))).toFixed(1)}%`;
  const control = finding.control;
  return (
    <span className="bar meter" role="img" aria-label={t("cells.meter", { score: number(finding.held_out), control: control === null ? "–" : number(control) })}>
      <span style={{ width: place(finding.held_out) }} />
      {control !== null && <span className="mark" style={{ left: place(control) }} />}
    </span>
  );
}
