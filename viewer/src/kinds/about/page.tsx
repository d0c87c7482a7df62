import { useState, type ReactNode } from "react";
import type { NetworkView, Overview, PhotographPage, ProvenanceView } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { Explain, Facts, PaperLine } from "../../parts/words";
import { TakeFigure } from "../../parts/take";
import { pages, type Page } from "../../core/pages";
import { href } from "../../core/routes";
import { isLive } from "../../core/source";
import { plain } from "../image/units";

type About = { overview: Overview; made: ProvenanceView; photograph: PhotographPage | undefined; network: NetworkView | undefined };

export default function AboutPage({ overview, made, photograph, network }: About) {
  const speech = useSpeech();
  const { t, maybe, said, number, date } = speech;
  const back: ReturnType<NonNullable<Page["shows"]>> = photograph
    ? { name: photograph.name, to: { page: "image", image: photograph.id } }
    : pages().flatMap(([, page]) => page.shows?.(overview, made.key, speech) ?? [])[0];
  const items: [string, ReactNode][] = [
    [t("method"), <>{maybe(`method.${made.method}`, made.method)} <span className="quiet">({made.method}, {t("about.version", { n: made.version })})</span></>],
    [t("network"), network ? <a href={href({ page: "network", network: network.id.slice(0, 16) })}>{network.name}</a> : <code>{made.network.slice(0, 16)}</code>],
    [t("data"), made.data.length ? <List items={made.data.map((d) => [String(d.name), <code title={String(d.sha256)}>{String(d.sha256).slice(0, 16)}</code>])} /> : "–"],
    [t("about.seed"), made.seed === null ? t("about.noseed") : String(made.seed)],
    [t("about.created"), date(made.created)],
    [t("about.seconds"), t("about.seconds.value", { n: number(made.seconds) })],
    [t("about.libraries"), Object.entries(made.libraries).map(([k, v]) => `${k} ${v}`).join(" · ")],
    [t("about.key"), <code>{made.key}</code>],
  ];
  const parameters = Object.entries(made.parameters);
  if (made.notes.length) items.push([t("notes"), made.notes.join(" · ")]);
  return (
    <>
      <nav className="crumbs">
        <a href={href(back?.to ?? { page: "overview" })}>← {t("nav.back", { name: back?.name ?? t("nav.overview") })}</a>
      </nav>
      <header className="page-head tight">
        <h1>{t("about.title")}</h1>
        <p className="lead">{made.summary ? said(made.summary) : maybe(`method.${made.method}`, made.method)}</p>
        {made.paper && <PaperLine paper={made.paper} />}
        <Explain text="about.explain" />
      </header>
      <div className="about split">
        <div className="stack loose">
          <Copied title={t("about.python")} text={made.python} />
          {made.command && <Copied title={t("about.command")} text={made.command} />}
        </div>
        <div className="stack loose">
          {isLive && <TakeFigure record={made.key} />}
          <Facts items={items} rows />
          {parameters.length > 0 && (
            <section>
              <h2>{t("parameters")}</h2>
              <Facts rows items={parameters.map(([name, value]) => [name, <code>{value === null ? "–" : plain(value)}</code>])} />
            </section>
          )}
        </div>
      </div>
    </>
  );
}

function List({ items }: { items: [string, ReactNode][] }) {
  return (
    <ul>
      {items.map(([name, value], i) => (
        <li key={i}>
          {name} {value}
        </li>
      ))}
    </ul>
  );
}

function Copied({ title, text }: { title: string; text: string }) {
  const { t } = useSpeech();
  const [done, setDone] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setDone(true);
    setTimeout(() => setDone(false), 1500);
  };
  return (
    <section className="code">
      <div className="row-head">
        <h2>{title}</h2>
        <button type="button" onClick={() => void copy()} aria-live="polite">
          {t(done ? "about.copied" : "about.copy")}
        </button>
      </div>
      <pre tabIndex={0}>{text}</pre>
    </section>
  );
}
