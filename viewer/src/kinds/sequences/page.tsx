// What was read, and what was found in it.
import { pages } from "../../core/pages";
import { isLive } from "../../core/source";
import type { Overview } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { Explain } from "../../parts/words";
import { FIGURES, TRACE } from "../figure/kinds";
import { ResultCards, SequenceList } from "./lists";

export default function SequencesPage({ overview }: { overview: Overview }) {
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

/** What makes each kind of page, and its command. */
function useCommands(): [kind: string, name: string, command: string][] {
  const { t, maybe } = useSpeech();
  const made = [...pages().map(([name, page]) => [name, page.result] as const), ...Object.entries(FIGURES)];
  return [
    ["sequence", t("sequences.trace"), TRACE],
    ...made.flatMap(([kind, one]): [string, string, string][] => (one?.command ? [[kind, maybe(`nav.${kind}`, kind), one.command]] : [])),
  ];
}

/** A page on disk computes nothing new: the commands for what is not in it yet. */
function More({ overview }: { overview: Overview }) {
  const { t } = useSpeech();
  const commands = useCommands();
  if (isLive) return null;
  const has = new Set<string>(overview.sequence_results.map((result) => result.kind));
  if (overview.sequences.some((card) => card.places.length > 0)) has.add("sequence");
    return (
    <section>
      <details className="explain">
        <summary>{t("sequences.more")}</summary>
        <p>{t("sequences.more.why")}</p>
        <dl className="facts listed">
          {commands.sort(([a], [b]) => Number(has.has(a)) - Number(has.has(b))).map(([kind, name, command]) => (
            <div key={kind}>
              <dt>{name}</dt>
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
