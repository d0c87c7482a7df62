// What was read, and what was found in it.
import type { Overview, SequenceResult } from "../document";
import { useSpeech, type Speech } from "../i18n";
import { Explain, MadeBy } from "../parts/words";
import { href } from "../routes";
import { sequenceName, trackName } from "../sequences/names";

/** Which kind of page shows a result. */
export const pageOf = (kind: string) => (kind === "cells" || kind === "memory" || kind === "matches" ? kind : "figure");

export function SequencesPage({ overview }: { overview: Overview }) {
  const { t } = useSpeech();
  return (
    <>
      <header className="page-head">
        <h1>{t("nav.sequences")}</h1>
        <Explain text="sequences.explain" />
      </header>
      <section>
        <ResultCards overview={overview} />
      </section>
      <section>
        <h2>{t("sequences.read")}</h2>
        <SequenceList overview={overview} />
      </section>
    </>
  );
}

export function ResultCards({ overview }: { overview: Overview }) {
  const speech = useSpeech();
  const { maybe } = speech;
  return (
    <ul className="results">
      {overview.sequence_results.map((result) => (
        <li key={result.id}>
          <a href={href({ page: pageOf(result.kind), record: result.id })}>
            <strong>{maybe(`nav.${result.kind}`, result.kind)}</strong>
          </a>
          <span>{told(result, speech)}</span>
          <span className="quiet">
            <MadeBy made={overview.records[result.record]} />
          </span>
        </li>
      ))}
    </ul>
  );
}

const SHARES = new Set(["fidelity", "baseline"]);

/** The numbers of a result, with their names, in the reader's language. */
export const factsOf = (facts: { readonly [name: string]: unknown }, { maybe, number, percent }: Speech): [string, string][] =>
  Object.entries(facts).flatMap(([name, value]): [string, string][] => (typeof value === "number" ? [[maybe(`fact.${name}`, name), SHARES.has(name) ? percent(value) : number(value)]] : []));

function told(result: SequenceResult, speech: Speech): string {
  const { t } = speech;
  const facts = result.facts as { [name: string]: unknown };
  const n = (name: string) => Number(facts[name] ?? 0);
  switch (result.kind) {
    case "cells": {
      const alive = facts.survive as string[];
      return t("cells.lead", { alive: alive.length, tracks: n("tracks"), names: alive.map((name) => trackName(speech, name)).join(", ") || "–" });
    }
    case "memory":
      return facts.reach === null ? "" : t("memory.lead", { reach: n("reach") });
    case "matches":
      return t("matches.lead", { count: n("count"), steps: n("steps") });
    default:
      return factsOf(facts, speech)
        .map(([name, value]) => `${name} ${value}`)
        .join(" · ");
  }
}

export function SequenceList({ overview, most }: { overview: Overview; most?: number }) {
  const speech = useSpeech();
  const { t } = speech;
  return (
    <ul className="sequence-list">
      {overview.sequences.slice(0, most).map((card) => (
        <li key={card.id}>
          <a href={href({ page: "sequence", sequence: card.id })}>
            <strong>{sequenceName(speech, card.name)}</strong>
            <span className="quiet">
              {t(`sequence.steps.${card.reading}`, { n: card.steps })}
              {card.places.length > 0 && ` · ${t("sequences.whole")}`}
            </span>
            {card.beginning && <code aria-hidden="true">{card.beginning.replaceAll("\n", "⏎ ")}</code>}
          </a>
        </li>
      ))}
    </ul>
  );
}
