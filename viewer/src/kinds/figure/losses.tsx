// Where the loss lies: kinds of places beside an n-gram model, and the tokens that surprised the network most.
import { useState } from "react";
import type { LossesView } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { href } from "../../core/routes";
import { trackName } from "../../parts/sequence/names";
import { visible } from "../../parts/sequence/tokens";

const shown = (text: string) => [...text].map(visible).join("");

type By = "loss" | "gain" | "share_of_loss" | "steps";

export default function LossesFigure({ view }: { view: LossesView }) {
  const speech = useSpeech();
  const { t, number, integer, percent } = speech;
  const [by, setBy] = useState<By | null>(null);
  const rows = by ? [...view.groups].sort((a, b) => (b[by] ?? 0) - (a[by] ?? 0)) : view.groups;
  const high = Math.max(...view.groups.flatMap((row) => [row.loss, row.ngram]), 1e-9);
  const head = (name: By, label: string) => (
    <th scope="col" aria-sort={by === name ? "descending" : "none"}>
      <button type="button" className="bare sort" onClick={() => setBy(by === name ? null : name)}>
        {label}
        {by === name && " ↓"}
      </button>
    </th>
  );
  return (
    <>
      <section className="scroll" tabIndex={0} aria-label={t("nav.losses")}>
        <table className="numbers losses">
          <thead>
            <tr>
              <th scope="col">{t("losses.kind")}</th>
              {head("steps", t("losses.steps"))}
              {head("loss", t("losses.loss", { order: view.order }))}
              {head("gain", t("losses.gain"))}
              {head("share_of_loss", t("losses.share"))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.group}>
                <th scope="row">{trackName(speech, row.group)}</th>
                <td>{integer(row.steps)}</td>
                <td>
                  <span className="pair" aria-hidden="true">
                    <span className="bar">
                      <span style={{ width: `${(100 * row.loss) / high}%` }} />
                    </span>
                    <span className="bar">
                      <span className="control" style={{ width: `${(100 * row.ngram) / high}%` }} />
                    </span>
                  </span>
                  <span className="pair-text">
                    {number(row.loss)} <span className="quiet">/ {number(row.ngram)}</span>
                  </span>
                </td>
                <td>{row.gain > 0 ? `+${number(row.gain)}` : number(row.gain)}</td>
                <td>
                  {row.share_of_loss === null ? "–" : percent(row.share_of_loss)} <span className="quiet">/ {percent(row.share_of_steps)}</span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <p className="caption">
        {t("losses.caption", { order: view.order })} {view.counted === null ? t("losses.folds") : t("losses.counted", { n: view.counted })}
      </p>
      {view.places.length > 0 && (
        <section>
          <h2>{t("losses.worst")}</h2>
          <ol className="matches-list limited lined rows" tabIndex={0} aria-label={t("losses.worst")}>
            {view.places.map((place, i) => (
              <li key={i}>
                <Context place={place} />
                <span className="one-line small quiet">
                  {number(place.loss)} / {place.ngram === null ? "–" : number(place.ngram)} {t("losses.nats")}
                </span>
              </li>
            ))}
          </ol>
          <p className="caption">{t("losses.worst.caption", { n: view.places.length })}</p>
        </section>
      )}
    </>
  );
}

function Context({ place }: { place: LossesView["places"][number] }) {
  const inside = (
    <>
      <span className="match-before">{shown(place.before)}</span>
      <mark>{shown(place.token) || place.step}</mark>
      <span>{shown(place.after)}</span>
    </>
  );
  if (place.sequence === null) return <span className="match-line">{inside}</span>;
  return <a className="match-line plain" href={href({ page: "sequence", sequence: place.sequence, at: place.step })}>{inside}</a>;
}
