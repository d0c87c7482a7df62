// A machine learned from a network's answers, with a word that is led through it letter by letter.
import { useState } from "react";
import type { AutomatonView } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { Facts } from "../../parts/words";
import { visible } from "../../parts/sequence/tokens";

const [SIZE, RING] = [520, 185] as const;
const MOST = 40; // more states than these are told in the table alone
const LETTERS = 6;

export default function AutomatonFigure({ view }: { view: AutomatonView }) {
  const { t, integer, percent } = useSpeech();
  const [word, setWord] = useState<number[]>([]);
  const path = word.reduce<number[]>((all, letter) => [...all, view.transitions[all.at(-1) ?? 0]?.[letter] ?? 0], [0]);
  const now = path.at(-1) ?? 0;
  const count = view.transitions.length;
  const letter = (k: number) => visible(view.alphabet[k] ?? "");
  const accepted = view.accepting[now] ?? false;
  return (
    <>
      <Facts
        items={[
          [t("fact.states"), integer(count)],
          [t("automaton.fidelity", { n: view.words }), percent(view.fidelity)],
          [t("automaton.balanced"), view.balanced === null ? "–" : percent(view.balanced)],
          [t("automaton.baseline"), percent(view.baseline)],
          [t("automaton.queries"), integer(view.queries)],
          [t("automaton.complete"), t(view.complete ? "cells.yes" : "cells.no")],
        ]}
      />
      <div className="split">
        <figure>
          {count <= MOST ? <Drawing view={view} path={path} /> : <p className="note">{t("automaton.many", { n: count })}</p>}
          <figcaption className="caption">{t("automaton.caption")}</figcaption>
        </figure>
        <div>
          <h2>{t("automaton.try")}</h2>
          <p className="automaton-word row" aria-live="polite">
            <code>{word.length ? word.map(letter).join(" ") : "ε"}</code> <span>→ {now}</span> <strong>{t(accepted ? "automaton.accepted" : "automaton.rejected")}</strong>
          </p>
          <div className="toggles" role="group" aria-label={t("automaton.try")}>
            {view.alphabet.map((_, k) => (
              <button key={k} type="button" className="toggle" onClick={() => setWord([...word, k])}>
                {letter(k)}
              </button>
            ))}
            <button type="button" className="toggle" aria-label={t("automaton.back")} disabled={!word.length} onClick={() => setWord(word.slice(0, -1))}>
              ⌫
            </button>
          </div>
          <h2>{t("automaton.counter")}</h2>
          {view.counterexamples.length === 0 && <p className="quiet">{t("automaton.none")}</p>}
          <ul className="toggles">
            {view.counterexamples.slice(0, 20).map((one, i) => (
              <li key={i}>
                <button type="button" className="toggle" onClick={() => setWord(one.map((name) => view.alphabet.indexOf(name)).filter((k) => k >= 0))}>
                  {one.length ? one.map(visible).join(" ") : "ε"}
                </button>
              </li>
            ))}
          </ul>
          {view.counterexamples.length > 0 && <p className="caption">{t("automaton.counter.caption")}</p>}
          <h2>{t("automaton.table")}</h2>
          <div className="scroll limited" tabIndex={0} aria-label={t("automaton.table")}>
            <table className="numbers">
              <thead>
                <tr>
                  <th scope="col">{t("automaton.state")}</th>
                  {view.alphabet.map((_, k) => (
                    <th key={k} scope="col">
                      <code>{letter(k)}</code>
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {view.transitions.map((row, n) => (
                  <tr key={n}>
                    <th scope="row">
                      {n}
                      {view.accepting[n] && ` ◎`}
                    </th>
                    {row.map((to, k) => (
                      <td key={k}>{to}</td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </div>
      </div>
    </>
  );
}

function Drawing({ view, path }: { view: AutomatonView; path: readonly number[] }) {
  const { t } = useSpeech();
  const count = view.transitions.length;
  const radius = Math.min(24, 300 / Math.max(4, count));
  const angle = (n: number) => Math.PI / 2 - (2 * Math.PI * n) / Math.max(1, count);
  const place = (n: number): [number, number] => (count === 1 ? [SIZE / 2, SIZE / 2] : [SIZE / 2 + RING * Math.cos(angle(n)), SIZE / 2 - RING * Math.sin(angle(n))]);
  const walked = new Set(path.slice(1).map((to, i) => `${path[i]}-${to}`));
  const now = path.at(-1);
  return (
    <svg className="moves automaton chart" viewBox={`0 0 ${SIZE} ${SIZE}`} role="img" aria-label={t("automaton.alt", { n: count })}>
      <defs>
        <marker id="letter-end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">
          <path d="M0 0L8 4L0 8z" />
        </marker>
      </defs>
      {view.transitions.flatMap((row, from) =>
        [...new Set(row)].map((to) => {
          const letters = row.flatMap((target, k) => (target === to ? [visible(view.alphabet[k] ?? "")] : []));
          const label = letters.slice(0, LETTERS).join(" ") + (letters.length > LETTERS ? " …" : "");
          const className = walked.has(`${from}-${to}`) ? "now" : undefined;
          const [a, b] = [place(from), place(to)];
          if (from === to) {
            // A loop on the outer side of the state.
            const out = count === 1 ? [0, -1] : [(a[0] - SIZE / 2) / RING, (a[1] - SIZE / 2) / RING];
            const [ox, oy] = [out[0] ?? 0, out[1] ?? -1];
            const tip = [a[0] + ox * (radius + 30), a[1] + oy * (radius + 30)] as const;
            const side = [-oy * 16, ox * 16] as const;
            return (
              <g key={`${from}-${to}`} className={className}>
                <path d={`M${a[0] + ox * radius * 0.8 + side[0] * 0.8} ${a[1] + oy * radius * 0.8 + side[1] * 0.8}C${tip[0] + side[0]} ${tip[1] + side[1]} ${tip[0] - side[0]} ${tip[1] - side[1]} ${a[0] + ox * radius * 0.9 - side[0] * 0.8} ${a[1] + oy * radius * 0.9 - side[1] * 0.8}`} markerEnd="url(#letter-end)" />
                <text x={a[0] + ox * (radius + 34)} y={a[1] + oy * (radius + 34) + 4} textAnchor="middle">
                  {label}
                </text>
              </g>
            );
          }
          const far = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
          const along = [(b[0] - a[0]) / far, (b[1] - a[1]) / far] as const;
          const side = [along[1], -along[0]] as const;
          const middle = [(a[0] + b[0]) / 2 + side[0] * 0.16 * far, (a[1] + b[1]) / 2 + side[1] * 0.16 * far] as const;
          return (
            <g key={`${from}-${to}`} className={className}>
              <path d={`M${a[0] + along[0] * radius + side[0] * 6} ${a[1] + along[1] * radius + side[1] * 6}Q${middle.join(" ")} ${b[0] - along[0] * (radius + 3) + side[0] * 6} ${b[1] - along[1] * (radius + 3) + side[1] * 6}`} markerEnd="url(#letter-end)" />
              <text x={(a[0] + b[0]) / 2 + side[0] * (0.08 * far + 14)} y={(a[1] + b[1]) / 2 + side[1] * (0.08 * far + 14) + 4} textAnchor="middle">
                {label}
              </text>
            </g>
          );
        }),
      )}
      {view.transitions.map((_, n) => {
        const [x, y] = place(n);
        return (
          <g key={n} className={n === now ? "node now" : "node"}>
            <circle cx={x} cy={y} r={radius} />
            {view.accepting[n] && <circle cx={x} cy={y} r={radius - 4} />}
            <text x={x} y={y + 4} textAnchor="middle">
              {n}
            </text>
          </g>
        );
      })}
    </svg>
  );
}
