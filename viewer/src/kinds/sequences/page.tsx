// What was read, and what was found in it.
import type { Overview, SequenceResult } from "../../generated/document";
import { useSpeech, type Key, type Speech } from "../../i18n";
import { Explain, MadeBy } from "../../parts/words";
import { href } from "../../core/routes";
import { isLive } from "../../core/source";
import { sequenceName, trackName } from "../../parts/sequence/names";

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
      {overview.sequences.length > 0 && (
        <section>
          <h2>{t("sequences.read")}</h2>
          <SequenceList overview={overview} />
        </section>
      )}
      <More overview={overview} />
    </>
  );
}

const TRACE = "deepro trace MODEL FILE --out WORKSPACE";

/** What makes each kind of page. */
const COMMANDS: readonly (readonly [string, string])[] = [
  ["sequence", TRACE],
  ["cells", "deepro cells MODEL FILES --out WORKSPACE"],
  ["matches", "deepro match MODEL 40:52 FILES --out WORKSPACE"],
  ["memory", `${TRACE} --also memory`],
  ["steps", `${TRACE} --also attribute_steps -o every=true`],
  ["intervention", `${TRACE} --also intervene --layer LAYER -o unit=7 -o start=10 -o write=40`],
  ["attention", `${TRACE} --also attention`],
  ["losses", `${TRACE} --also loss_breakdown`],
  ["state_space", `${TRACE} --also state_space`],
  ["responses", `${TRACE} --also responses`],
  ["response-similarity", "deepro responses MODEL FILES --other MODEL --out WORKSPACE"],
];

/** A page on disk computes nothing new: the commands for what is not in it yet. */
function More({ overview }: { overview: Overview }) {
  const { t } = useSpeech();
  if (isLive) return null;
  const has = new Set<string>(overview.sequence_results.map((result) => result.kind));
  if (overview.sequences.some((card) => card.places.length > 0)) has.add("sequence");
  const missing = COMMANDS.filter(([kind]) => !has.has(kind));
  return (
    <section>
      <details className="explain">
        <summary>{t("sequences.more")}</summary>
        <p>{t("sequences.more.why")}</p>
        <dl className="facts rows commands">
          {[...missing, ...COMMANDS.filter(([kind]) => has.has(kind))].map(([kind, command]) => (
            <div key={kind}>
              <dt>{kind === "sequence" ? t("sequences.trace") : t(`nav.${kind}` as Key)}</dt>
              <dd>
                <code>{command}</code>
              </dd>
            </div>
          ))}
          <div>
            <dt>{t("sequences.report")}</dt>
            <dd>
              <code>deepro report WORKSPACE</code>
            </dd>
          </div>
        </dl>
        <p>
          {t("sequences.more.studio")} <code>deepro studio WORKSPACE</code>
        </p>
      </details>
    </section>
  );
}

export function ResultCards({ overview }: { overview: Overview }) {
  const speech = useSpeech();
  const { maybe } = speech;
  const several = overview.networks.length > 1;
  const about = (result: SequenceResult) => {
    const network = several ? overview.networks.find((one) => one.fingerprint === result.network)?.name : undefined;
    const parts = [result.sequence === null ? undefined : sequenceName(speech, result.sequence), network].filter(Boolean);
    return parts.length ? `· ${parts.join(" · ")}` : "";
  };
  return (
    <ul className="results">
      {overview.sequence_results.map((result) => (
        <li key={result.id}>
          <a href={href({ page: pageOf(result.kind), record: result.id })}>
            <strong>{maybe(`nav.${result.kind}`, result.kind)}</strong>
          </a>
          <span>
            {told(result, speech)}
            <span className="quiet"> {about(result)}</span>
          </span>
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
