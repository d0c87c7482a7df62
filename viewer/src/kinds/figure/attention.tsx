// Attention: what was read and what was written, each lighting up the other, and the matrix between them.
import { useState } from "react";
import type { AttentionView } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { Bars } from "../../parts/words";
import { unpack } from "../../core/values";
import { bars, frame, heatmap } from "../../parts/sequence/lanes";
import { usePalette } from "../../parts/sequence/theme";
import { Timeline, type Lane } from "../../parts/sequence/timeline";
import { outputName } from "../../parts/sequence/names";
import { RowLabels } from "./labels";
import { Legend } from "./legend";
import { placeName, readLanes, stepName, widthOf } from "../../parts/sequence/read";
import { TokenRow } from "./tokens";

const ROOM = 780; // pixels that a short sequence fills
const MOST = 400; // more tokens than these are not laid out as buttons
const LISTED = 8;

type End = { side: "read" | "written"; index: number };

export default function AttentionFigure({ view }: { view: AttentionView }) {
  const speech = useSpeech();
  const { t, number, percent } = speech;
  const palette = usePalette();
  const weights = unpack(view.weights) as Float32Array;
  const [rows, columns] = [view.weights.shape[0] ?? 0, view.weights.shape[1] ?? 0];
  const [pinned, setPinned] = useState<End>({ side: "written", index: 0 });
  const [over, setOver] = useState<End | null>(null);
  const now = over ?? pinned;
  const high = weights.reduce((a, b) => Math.max(a, b), 1e-9);
  const weight = (row: number, column: number) => weights[row * columns + column] ?? 0;
  const byte = (row: number, column: number) => Math.min(255, Math.round((255 * weight(row, column)) / high));
  // The weights of the end that is looked at, over the other side.
  const fromRead = (column: number) => (now.side === "written" ? weight(now.index, column) : null);
  const fromWritten = (row: number) => (now.side === "read" ? weight(row, now.index) : null);
  const ground = (value: number | null) => (value === null ? null : (palette.behind[128 + Math.min(127, Math.round((127 * value) / high))] ?? null));
  const below = (value: number | null) => (value !== null && value >= 0.005 ? percent(Math.round(100 * value) / 100) : "");
  const written = view.written.length ? view.written.map((label) => outputName(speech, label)) : Array.from({ length: rows }, (_, i) => String(i));
  const told = (end: End) => (end.side === "read" ? placeName(view.read, end.index, speech) : stepName(end.index, view.written.length ? written[end.index] : undefined, speech));
  const other = now.side === "written" ? Array.from({ length: columns }, (_, i) => weight(now.index, i)) : Array.from({ length: rows }, (_, i) => weight(i, now.index));
  const best = other.map((value, index) => ({ value, index })).sort((a, b) => b.value - a.value).slice(0, LISTED);
  const tall = Math.max(2, Math.min(24, Math.floor(480 / Math.max(1, rows))));
  const px = widthOf(view.read, ROOM);
  const row = now.side === "written" ? now.index : null;
  const laid = view.read.tokens.length > 0 && columns <= MOST;
  const order = Array.from({ length: rows }, (_, i) => i);
  const rowAt = (y: number) => Math.max(0, Math.min(rows - 1, Math.floor(y / tall)));
  const lanes: Lane[] = [
    ...readLanes(view.read, palette, speech),
    {
      key: "weights",
      label: row === null ? t("attention.pick") : t("attention.of", { step: told(now) }),
      height: 54,
      alt: t("attention.weights"),
      draw: (made) => row !== null && bars(made, (step) => weight(row, step), high, 54, palette.high),
    },
    {
      key: "matrix",
      label: tall >= 12 ? <RowLabels words={written} tall={tall} chosen={row} /> : t("attention.written"),
      height: rows * tall,
      alt: t("attention.matrix.alt", { rows, columns }),
      click: (y) => setPinned({ side: "written", index: rowAt(y) }),
      hover: (at) => setOver(at && { side: "written", index: rowAt(at.y) }),
      draw: (made) => {
        heatmap(made, order, (r, step) => 128 + (byte(r, step) >> 1), palette.behind, rows * tall);
        if (row !== null) frame(made, row * tall, tall);
      },
    },
  ];
  return (
    <div className="figure-columns split aside">
      <div>
        {laid && (
          <>
            <h2>{t("sequence.read")}</h2>
            <TokenRow
              tokens={view.read.tokens}
              label={t("sequence.read")}
              chosen={now.side === "read" ? now.index : null}
              ground={(i) => ground(fromRead(i))}
              below={(i) => below(fromRead(i))}
              hover={(i) => setOver(i === null ? null : { side: "read", index: i })}
              choose={(i) => setPinned({ side: "read", index: i })}
            />
          </>
        )}
        {laid && rows <= MOST && (
          <>
            <h2>{t("attention.written")}</h2>
            <TokenRow
              tokens={written}
              label={t("attention.written")}
              chosen={now.side === "written" ? now.index : null}
              ground={(i) => ground(fromWritten(i))}
              below={(i) => below(fromWritten(i))}
              hover={(i) => setOver(i === null ? null : { side: "written", index: i })}
              choose={(i) => setPinned({ side: "written", index: i })}
            />
          </>
        )}
        <h2>{t("attention.matrix")}</h2>
        <Timeline
          lanes={lanes}
          steps={columns}
          px={px}
          palette={palette}
          at={now.side === "read" ? now.index : undefined}
          range={undefined}
          label={t("attention.keys")}
          choose={(step) => setPinned({ side: "read", index: step })}
          turn={(by) => setPinned((end) => ({ side: "written", index: Math.max(0, Math.min(rows - 1, (end.side === "written" ? end.index : -1) + by)) }))}
        />
        <p className="caption">
          <Legend colours={palette.behind} from={128} low={number(0)} high={number(high)} />
          {t("attention.caption")} {t("attention.keys")}
        </p>
      </div>
      <aside className="stay" aria-live="polite">
        <h3>{t(now.side === "written" ? "attention.reads" : "attention.readby", { step: told(now) })}</h3>
        <Bars items={best.map(({ value, index }) => ({ label: told({ side: now.side === "written" ? "read" : "written", index }), value }))} />
        <p className="caption">{t(now.side === "written" ? "attention.sum.row" : "attention.sum.column", { sum: number(other.reduce((a, b) => a + b, 0)) })}</p>
      </aside>
    </div>
  );
}
