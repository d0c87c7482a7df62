// What the data set says against what the network reads; each number leads to its photographs.
import type { PhotographCard } from "../../generated/document";
import { useSpeech } from "../../i18n";

/** Which photographs are looked at: all, those that are read wrong, or those of one cell, as [label, reading]. */
export type Choice = "all" | "wrong" | [truth: string, read: string];

const WIDEST = 14; // columns of a table; beyond, the pairs stand one after the other

export default function Confusions({ cards, chosen, choose }: { cards: readonly PhotographCard[]; chosen: Choice; choose: (one: Choice) => void }) {
  const { t, integer } = useSpeech();
  const pairs = new Map<string, { truth: string; read: string; n: number }>();
  for (const { truth, best } of cards) {
    if (!truth || !best) continue;
    const key = JSON.stringify([truth, best.label]);
    pairs.set(key, { truth, read: best.label, n: (pairs.get(key)?.n ?? 0) + 1 });
  }
  const all = [...pairs.values()].sort((a, b) => b.n - a.n || a.truth.localeCompare(b.truth));
  const rows = [...new Set(all.map((pair) => pair.truth))].sort();
  const columns = [...new Set(all.map((pair) => pair.read))].sort();
  const cell = ({ truth, read, n }: (typeof all)[number], words: string) => (
    <button type="button" aria-pressed={chosen[0] === truth && chosen[1] === read} aria-label={`${t("truth.wrong", { truth, read })}: ${n}`} onClick={() => choose([truth, read])}>
      {words}
    </button>
  );
  if (columns.length > WIDEST)
    return (
      <ul className="row over">
        {all.map((pair) => (
          <li key={`${pair.truth}/${pair.read}`}>{cell(pair, `${pair.truth} → ${pair.read} · ${integer(pair.n)}`)}</li>
        ))}
      </ul>
    );
  return (
    <div className="scroll over">
      <table className="numbers">
        <caption className="caption">{t("truth.table")}</caption>
        <thead>
          <tr>
            <td />
            {columns.map((read) => (
              <th key={read} scope="col">
                {read}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((truth) => (
            <tr key={truth}>
              <th scope="row">{truth}</th>
              {columns.map((read) => {
                const pair = pairs.get(JSON.stringify([truth, read]));
                return <td key={read}>{pair && cell(pair, integer(pair.n))}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
