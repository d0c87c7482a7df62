// Small pieces of text that appear on every page.
import type { ReactNode } from "react";
import type { PaperView, ProvenanceView } from "../generated/document";
import { useSpeech, type Key } from "../i18n";
import { figure, FIGURES } from "../core/live";
import { href } from "../core/routes";
import { isLive } from "../core/source";
import "./words.css";

/** "What am I looking at?", folded away until asked. */
export function Explain({ text, paper, children }: { text: Key; paper?: PaperView | null | undefined; children?: ReactNode }) {
  const { t } = useSpeech();
  return (
    <details className="explain">
      <summary>{t("explain.ask")}</summary>
      <p>{t(text)}</p>
      {children && <p>{children}</p>}
      {paper && <PaperLine paper={paper} />}
    </details>
  );
}

export function PaperLine({ paper }: { paper: PaperView }) {
  const { t } = useSpeech();
  return (
    <p className="paper">
      {t("explain.paper")} {paper.authors} {paper.year}, <cite>{paper.title}</cite>{" "}
      {/^https?:/.test(paper.url) ? (
        <a href={paper.url} target="_blank" rel="noreferrer noopener">
          {paper.url.replace(/^https?:\/\//, "")}
        </a>
      ) : (
        paper.url
      )}
    </p>
  );
}

/** Authors and year, as in "Zeiler & Fergus 2014"; the words lead to everything about the picture. */
export function MadeBy({ made, image }: { made: ProvenanceView | undefined; image?: string | undefined }) {
  const { t, maybe } = useSpeech();
  if (!made) return null;
  const name = maybe(`method.${made.method}`, made.method);
  const names = made.paper?.authors.split(/\s*(?:,|;|&|\band\b)\s*/).filter(Boolean) ?? [];
  const authors = names.length > 3 ? t("paper.several", { first: names[0] ?? "" }) : made.paper?.authors;
  const paper = made.paper ? `${authors} ${made.paper.year}` : null;
  const link = (
    <a
      className="madeby"
      href={href({ page: "about", record: made.key, ...(image ? { image } : {}) })}
      title={t("about.title")}
    >
      {name}
      {paper && <span className="quiet"> · {paper}</span>}
    </a>
  );
  if (!isLive) return link;
  return (
    <span className="madeby-live">
      {link}
      <details className="figures screen-only">
        <summary aria-label={t("figure.take")} title={t("figure.take")}>
          ↓
        </summary>
        <span className="floating">
          {FIGURES.map((kind) => (
            <a key={kind} href={figure(made.key, kind)} download>
              {kind.toUpperCase()}
            </a>
          ))}
        </span>
      </details>
    </span>
  );
}

/** Terms and what is said of them: in columns, or `rows` with the terms on the left. */
export function Facts({ items, rows }: { items: [string, ReactNode][]; rows?: boolean }) {
  return (
    <dl className={rows ? "facts listed" : "facts"}>
      {items.map(([term, value]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Missing({ name }: { name: string }) {
  const { t } = useSpeech();
  return (
    <section className="missing stack">
      <h1>{t("state.missing")}</h1>
      <p>{t("state.missing.why", { name })}</p>
      <p>
        <a href={href({ page: "overview" })}>{t("nav.overview")}</a>
      </p>
    </section>
  );
}

type Bar = { label: string; value: number; quiet?: boolean | undefined; to?: string };

/** Shares of 1, or with `text` numbers on one scale from 0 to the largest, but to `least` at least: small ones look small. */
export function Bars({ items, text, least = 1e-9 }: { items: Bar[]; text?: (value: number) => string; least?: number }) {
  const { percent } = useSpeech();
  const whole = text ? Math.max(...items.map((item) => item.value), least) : 1;
  return (
    <ol className="bars">
      {items.map(({ label, value, quiet, to }) => (
        <li key={label} className={quiet ? "dim" : undefined}>
          <span className="bar-label">{to ? <a className="plain" href={to}>{label}</a> : label}</span>
          <span className="bar-value number">{(text ?? percent)(value)}</span>
          <span className="bar" aria-hidden="true">
            <span style={{ width: `${100 * Math.min(1, Math.max(0, value / whole))}%` }} />
          </span>
        </li>
      ))}
    </ol>
  );
}
