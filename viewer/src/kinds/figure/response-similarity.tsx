// How alike two networks treat the tokens that both know: the likeness of every two tokens in one and in the other.
import { useState } from "react";
import type { ResponseSimilarityView } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { Facts } from "../../parts/words";
import { unpack } from "../../core/values";
import { frame, heatmap } from "../../parts/sequence/lanes";
import { usePalette } from "../../parts/sequence/theme";
import { Timeline, type Lane } from "../../parts/sequence/timeline";
import { visible } from "../../parts/sequence/tokens";
import { RowLabels } from "./labels";
import { Legend } from "./legend";

const NEAREST = 4; // tokens named beside one, in each network
const LEGIBLE = 11; // pixels a row from which its word is written beside it
const LISTED = 12; // tokens listed, those that the two treat most differently

/** The tokens that a network treats most nearly as this one, the nearest first. */
function nearest(likeness: Float32Array, tokens: number, token: number): number[] {
  const row = likeness.subarray(token * tokens, (token + 1) * tokens);
  return Array.from(row.keys())
    .filter((other) => other !== token)
    .sort((a, b) => (row[b] ?? 0) - (row[a] ?? 0))
    .slice(0, NEAREST);
}

export default function ResponseSimilarityFigure({ view }: { view: ResponseSimilarityView }) {
  const { t, number } = useSpeech();
  const palette = usePalette();
  const tokens = view.tokens.length;
  const values = unpack(view.likeness) as Float32Array;
  const networks = [values.subarray(0, tokens * tokens), values.subarray(tokens * tokens)];
  const order = Array.from({ length: tokens }, (_, i) => i);
  const [at, setAt] = useState<{ row: number; column: number } | null>(null);
  const [over, setOver] = useState<{ row: number; column: number } | null>(null);
  const here = over ?? at;
  const side = Math.max(4, Math.min(14, Math.floor(700 / tokens)));
  const rowAt = (y: number) => Math.max(0, Math.min(tokens - 1, Math.floor(y / side)));
  const word = (token: number) => visible(view.tokens[token] ?? "");
  const place = (layer: string, direction: number) => `${layer}${direction ? " ←" : ""} ${view.state}`;
  const names = [place(view.layer, view.direction), `${view.other || t("likeness.other")}: ${place(view.other_layer, view.other_direction)}`];
  const lanes: Lane[] = networks.map((likeness, which) => ({
    key: String(which),
    label: side < LEGIBLE ? (names[which] ?? "") : <RowLabels words={view.tokens} tall={side} chosen={here?.row ?? null} />,
    height: tokens * side,
    alt: t("likeness.alt", { network: names[which] ?? "", tokens }),
    click: (y, step) => setAt({ row: rowAt(y), column: step }),
    hover: (point) => setOver(point && { row: rowAt(point.y), column: point.step }),
    draw: (made) => {
      heatmap(made, order, (row, step) => Math.round(128 + 127 * Math.max(-1, Math.min(1, likeness[row * tokens + step] ?? 0))), palette.signed, tokens * side);
      if (here) frame(made, here.row * side, side);
    },
  }));
  const value = (which: number) => number(networks[which]?.[(here?.row ?? 0) * tokens + (here?.column ?? 0)] ?? 0);
  const apart = [...order].sort((a, b) => (view.agreement[a] ?? 0) - (view.agreement[b] ?? 0)).slice(0, LISTED);
  return (
    <>
      <Facts
        items={[
          [t("likeness.here"), names[0] ?? ""],
          [t("likeness.other"), names[1] ?? ""],
          [t("fact.correlation"), number(view.correlation)],
          [t("fact.p"), number(view.p)],
        ]}
      />
      <p className="figure-value" aria-live="polite">
        {here ? t("likeness.at", { one: word(here.row), two: word(here.column), here: value(0), there: value(1) }) : t("likeness.point")}
      </p>
      <Timeline
        lanes={lanes}
        steps={tokens}
        px={side}
        palette={palette}
        at={here?.column}
        range={undefined}
        label={t("likeness.keys")}
        choose={(column) => setAt((one) => ({ row: one?.row ?? 0, column }))}
        turn={(by) => setAt((one) => ({ row: Math.max(0, Math.min(tokens - 1, (one?.row ?? -1) + by)), column: one?.column ?? 0 }))}
      />
      <p className="caption">
        <Legend colours={palette.signed} from={1} low="−1" high="+1" />
        {t("likeness.caption", { tokens })}
      </p>
      <h2>{t("likeness.apart")}</h2>
      <div className="scroll" tabIndex={0} aria-label={t("likeness.apart")}>
        <table className="numbers">
          <thead>
            <tr>
              <th scope="col">{t("likeness.token")}</th>
              <th scope="col">{t("likeness.agreement")}</th>
              <th scope="col">{t("likeness.near.here")}</th>
              <th scope="col">{t("likeness.near.there")}</th>
            </tr>
          </thead>
          <tbody>
            {apart.map((token) => (
              <tr key={token}>
                <th scope="row">
                  <code className="stands">{word(token)}</code>
                </th>
                <td>{number(view.agreement[token] ?? 0)}</td>
                {networks.map((likeness, which) => (
                  <td key={which}>
                    {nearest(likeness, tokens, token).map((other) => (
                      <code key={other} className="stands">
                        {word(other)}
                      </code>
                    ))}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
