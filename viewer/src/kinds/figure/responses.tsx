// How the units answer to each token: tokens and units so ordered that those of one group lie together.
import { useState } from "react";
import type { ResponsesView } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { Facts } from "../../parts/words";
import { unpack } from "../../core/values";
import { frame, heatmap } from "../../parts/sequence/lanes";
import { usePalette } from "../../parts/sequence/theme";
import { Timeline, type Lane, type View } from "../../parts/sequence/timeline";
import { visible } from "../../parts/sequence/tokens";
import { RowLabels } from "./labels";
import { Legend } from "./legend";

const TALL = 15;

export default function ResponsesFigure({ view }: { view: ResponsesView }) {
  const { t, number, integer } = useSpeech();
  const palette = usePalette();
  const values = unpack(view.values) as Float32Array;
  const [tokens, units] = [view.tokens.length, view.unit_clusters.length];
  const sorted = (clusters: readonly number[]) => clusters.map((_, i) => i).sort((a, b) => (clusters[a] ?? 0) - (clusters[b] ?? 0) || a - b);
  const [rows, columns] = [sorted(view.token_clusters), sorted(view.unit_clusters)];
  const [at, setAt] = useState<{ row: number; column: number } | null>(null);
  const [over, setOver] = useState<{ row: number; column: number } | null>(null);
  const here = over ?? at;
  const sizes = Float32Array.from(values, Math.abs).sort();
  const high = sizes[Math.floor(0.995 * (sizes.length - 1))] || 1;
  const px = Math.max(1, Math.min(12, Math.floor(1060 / Math.max(1, units))));
  const height = tokens * TALL;
  const lane: Lane = {
    key: "responses",
    label: <RowLabels words={rows.map((r) => view.tokens[r] ?? "")} tall={TALL} chosen={here?.row ?? null} />,
    height,
    alt: t("responses.alt", { tokens, units }),
    click: (y, step) => setAt({ row: Math.min(tokens - 1, Math.floor(y / TALL)), column: step }),
    hover: (point) => setOver(point && { row: Math.min(tokens - 1, Math.floor(point.y / TALL)), column: point.step }),
    draw: (made: View) => {
      heatmap(made, rows, (row, step) => Math.round(128 + 127 * Math.max(-1, Math.min(1, (values[row * units + (columns[step] ?? 0)] ?? 0) / high))), palette.signed, height);
      made.context.fillStyle = palette.ink;
      rows.forEach((row, i) => i && view.token_clusters[row] !== view.token_clusters[rows[i - 1] ?? 0] && made.context.fillRect(0, i * TALL - 0.5, Math.min(made.width, (made.last - made.first) * made.px), 1));
      for (let step = Math.max(1, made.first); step < made.last; step++)
        if (view.unit_clusters[columns[step] ?? 0] !== view.unit_clusters[columns[step - 1] ?? 0]) made.context.fillRect((step - made.first) * made.px - made.shift - 0.5, 0, 1, height);
      if (here) frame(made, here.row * TALL, TALL);
    },
  };
  const pair = (two: ResponsesView["chance"]) => [two.tokens, two.units].map((v) => (v === null ? "–" : number(v))).join(" / ");
  const token = here ? (rows[here.row] ?? 0) : 0;
  const unit = here ? (columns[here.column] ?? 0) : 0;
  return (
    <>
      <Facts
        items={[
          [t("sequence.place"), `${view.layer}${view.direction ? " ←" : ""} ${view.state}`],
          [t("responses.stability"), pair(view.stability)],
          [t("responses.chance"), pair(view.chance)],
          [t("fact.noise"), view.noise === null ? "–" : number(view.noise)],
        ]}
      />
      <p className="figure-value" aria-live="polite">
        {here ? t("responses.at", { token: visible(view.tokens[token] ?? ""), n: view.counts[token] ?? 0, unit, value: number(values[token * units + unit] ?? 0) }) : t("responses.point")}
      </p>
      <Timeline
        lanes={[lane]}
        steps={units}
        px={px}
        palette={palette}
        at={here?.column}
        range={undefined}
        label={t("responses.keys")}
        choose={(column) => setAt((one) => ({ row: one?.row ?? 0, column }))}
        turn={(by) => setAt((one) => ({ row: Math.max(0, Math.min(tokens - 1, (one?.row ?? -1) + by)), column: one?.column ?? 0 }))}
      />
      <p className="caption">
        <Legend colours={palette.signed} from={1} low={`−${number(high)}`} high={`+${number(high)}`} />
        {t("responses.caption", { tokens: integer(tokens), units: integer(units) })}
      </p>
    </>
  );
}
