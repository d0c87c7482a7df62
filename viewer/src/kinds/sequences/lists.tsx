import { pages } from "../../core/pages";
import { href, type Route } from "../../core/routes";
import type { Overview, SequenceResult } from "../../generated/document";
import { useSpeech, type Speech } from "../../i18n";
import { sequenceName } from "../../parts/sequence/names";
import { MadeBy } from "../../parts/words";
import { Listed } from "../../parts/listed";

const ownPage = (kind: string) => pages().find(([name, page]) => name === kind && page.result);

/** Some results have a kind of page of their own; the others are shown as one figure. */
export const resultPage = ({ kind, id }: SequenceResult) => ({ page: ownPage(kind)?.[0] ?? "figure", record: id }) as Route;

const SHARES = new Set(["fidelity", "baseline"]);

/** The numbers of a result, with their names, in the reader's language. */
export const factsOf = (facts: { readonly [name: string]: unknown }, { maybe, number, percent }: Speech): [string, string][] =>
  Object.entries(facts).flatMap(([name, value]): [string, string][] => (typeof value === "number" ? [[maybe(`fact.${name}`, name), SHARES.has(name) ? percent(value) : number(value)]] : []));

const toldOf = (result: SequenceResult, speech: Speech): string =>
  ownPage(result.kind)?.[1].result?.told?.(result.facts, speech) ??
  factsOf(result.facts, speech)
    .map(([name, value]) => `${name} ${value}`)
    .join(" · ");

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
    <ul className="results lined rows">
      {overview.sequence_results.map((result) => (
        <li key={result.id}>
          <a href={href(resultPage(result))}>
            <strong>{maybe(`nav.${result.kind}`, result.kind)}</strong>
          </a>
          <span>
            {toldOf(result, speech)}
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

export function SequenceList({ overview, most }: { overview: Overview; most?: number }) {
  const speech = useSpeech();
  const { t } = speech;
  return (
    <ul className="sequence-list tiles broad">
      {overview.sequences.slice(0, most).map((card) => (
        <li key={card.id}>
          <a className="plain" href={href({ page: "sequence", sequence: card.id })}>
            <strong>{sequenceName(speech, card.name)}</strong>
            <span className="quiet">
              {t(`sequence.steps.${card.reading}`, { n: card.steps })}
              {card.places.length > 0 && ` · ${t("sequences.whole")}`}
            </span>
            {card.beginning && <code className="quiet one-line" aria-hidden="true">{card.beginning.replaceAll("\n", "⏎ ")}</code>}
          </a>
        </li>
      ))}
    </ul>
  );
}

export function Sequences({ overview }: { overview: Overview }) {
  const { t } = useSpeech();
  if (overview.sequences.length + overview.sequence_results.length === 0) return null;
  return (
    <Listed title={t("nav.sequences")} more={<a href={href({ page: "sequences" })}>{t("overview.sequences.more")}</a>}>
      <ResultCards overview={overview} />
      <SequenceList overview={overview} most={6} />
    </Listed>
  );
}
