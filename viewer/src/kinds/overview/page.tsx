import { useSession } from "../../core/live";
import { pages } from "../../core/pages";
import { href } from "../../core/routes";
import type { Overview } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { Listed } from "../../parts/listed";
import { Explain } from "../../parts/words";
import { NetworkCard } from "../network/card";
import { Summary } from "./summary";

export function OverviewPage({ overview }: { overview: Overview }) {
  const speech = useSpeech();
  const { t, date } = speech;
  const pending = useSession()?.pending;
  const { networks } = overview;
  const counted = pages().map(([, page]) => page.overview?.lead?.(overview, speech)).filter(Boolean);
  return (
    <>
      <header className="page-head">
        <h1>{overview.title}</h1>
        <p className="lead">{counted.length ? counted.join(" · ") : t(pending ? "overview.pending" : "overview.empty")}</p>
        <Explain text="overview.explain" />
      </header>
      <Summary overview={overview} />
      {pages().map(([name, { overview: { list: List } = {} }]) => List && <List key={name} overview={overview} />)}
      {overview.notes && overview.notes.length > 0 && <Notes notes={overview.notes} />}
      {overview.skipped.length > 0 && <Named title={t("overview.skipped")} items={overview.skipped} />}
      {overview.damaged.length > 0 && <Named title={t("overview.damaged")} items={overview.damaged} />}
      {(networks.length > 1 ? networks : []).map((network) => (
        <Listed key={network.id} title={network.name} more={<a href={href({ page: "network", network: network.id.slice(0, 16) })}>{t("overview.network.more")}</a>}>
          <NetworkCard network={network} />
        </Listed>
      ))}
      <p className="quiet foot">{t("overview.made", { date: date(overview.created), version: overview.deepro })}</p>
    </>
  );
}

function Notes({ notes }: { notes: NonNullable<Overview["notes"]> }) {
  const { t } = useSpeech();
  return (
    <Listed title={t("notes")}>
      <table className="numbers">
        <tbody>
          {notes.map((note) => (
            <tr key={note.address}>
              <th scope="row">
                <a href={note.address}>{note.title}</a>
              </th>
              <td className="note-text">{note.text}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Listed>
  );
}

function Named({ title, items }: { title: string; items: { name: string; reason: string }[] }) {
  return (
    <section className="named">
      <h2>{title}</h2>
      <ul className="lined">
        {items.map((item, i) => (
          <li key={i}>
            <strong>{item.name}</strong> <span className="quiet">{item.reason}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
