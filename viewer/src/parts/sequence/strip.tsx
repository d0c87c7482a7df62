// A text in which each character is coloured by what a cell did when it was read (Karpathy et al. 2015).
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useMemo, useRef, type KeyboardEvent, type PointerEvent } from "react";
import { useSpeech } from "../../i18n";
import type { Palette } from "./colours";
import type { Cell, States } from "./states";
import { rowOf, rows, tokenAt, visible, type Row } from "./tokens";
import "./sequence.css";

const LINE = 22;
const COLUMNS = 100;
const TALLEST = 374;

export type Range = { start: number; stop: number };
type Shown = {
  states: States;
  cell: Cell;
  palette: Palette;
  at: number | undefined;
  range: Range | undefined;
  choose: (at: number, range: Range | undefined) => void;
};

export function Strip({ states, cell, palette, at, range, choose }: Shown) {
  const { t } = useSpeech();
  const page = states.page;
  const all = useMemo(() => rows(page, COLUMNS), [page]);
  const box = useRef<HTMLDivElement>(null);
  const held = useRef<number | null>(null);
  const list = useVirtualizer({ count: all.length, getScrollElement: () => box.current, estimateSize: () => LINE, overscan: 6 });
  const shown = useRef(false);
  useEffect(() => {
    // A place that an address names comes into the middle; from then on the text moves no more than it must.
    if (at !== undefined) list.scrollToIndex(rowOf(all, at), { align: shown.current ? "auto" : "center" });
    shown.current = true;
  }, [at, all, list]);

  const stepAt = (event: PointerEvent): number | null => {
    const line = (event.target as HTMLElement).closest<HTMLElement>(".strip-row");
    const row = line ? all[Number(line.dataset.row)] : undefined;
    const text = line?.querySelector(".strip-text");
    if (!row || !text) return null;
    const bounds = text.getBoundingClientRect();
    const place = Math.floor(((event.clientX - bounds.left) / bounds.width) * (row.last - row.first));
    return row.first + Math.max(0, Math.min(row.last - row.first - 1, place));
  };
  const down = (event: PointerEvent) => {
    const step = stepAt(event);
    if (step === null) return;
    held.current = step;
    choose(step, undefined);
  };
  const move = (event: PointerEvent) => {
    if (held.current === null || !(event.buttons & 1)) return;
    const step = stepAt(event);
    if (step === null) return;
    const [start, stop] = step < held.current ? [step, held.current + 1] : [held.current, step + 1];
    choose(step, stop - start > 1 ? { start, stop } : undefined);
  };
  const key = (event: KeyboardEvent) => {
    const now = at ?? 0;
    const line = rowOf(all, now);
    const along = now - (all[line]?.first ?? 0);
    const beside = (other: Row | undefined) => (other ? Math.min(other.last - 1, other.first + along) : now);
    const to = { ArrowLeft: now - 1, ArrowRight: now + 1, ArrowUp: beside(all[line - 1]), ArrowDown: beside(all[line + 1]), Home: all[line]?.first, End: (all[line]?.last ?? 1) - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const step = Math.max(0, Math.min(page.steps - 1, to));
    if (!event.shiftKey) return choose(step, undefined);
    const fixed = range ? (now >= range.stop - 1 ? range.start : range.stop - 1) : now;
    choose(step, step === fixed ? undefined : { start: Math.min(fixed, step), stop: Math.max(fixed, step) + 1 });
  };

  return (
    <div
      className="strip-box edged"
      ref={box}
      style={{ height: Math.min(TALLEST, all.length * LINE + 4) }}
      role="textbox"
      aria-readonly="true"
      aria-multiline="true"
      aria-label={t("sequence.text.alt", { name: page.name })}
      tabIndex={0}
      onPointerDown={down}
      onPointerMove={move}
      onPointerUp={() => (held.current = null)}
      onKeyDown={key}
    >
      <div style={{ height: list.getTotalSize(), position: "relative" }}>
        {list.getVirtualItems().map((item) => {
          const row = all[item.index];
          return row ? (
            <div key={item.key} className="strip-row" data-row={item.index} style={{ top: item.start, height: LINE }}>
              <span className="strip-number" aria-hidden="true">
                {row.first}
              </span>
              <Line states={states} cell={cell} palette={palette} row={row} at={at} range={range} />
            </div>
          ) : null;
        })}
      </div>
    </div>
  );
}

function Line({ states, cell, palette, row, at, range }: Omit<Shown, "choose"> & { row: Row }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = row.last - row.first;
  const bytes = states.row(cell.place, cell.row, row.first, row.last);
  const share = states.page.places[cell.place]?.share ?? false;
  useLayoutEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    const pixels = new ImageData(width, 1);
    const colours = new Uint32Array(pixels.data.buffer);
    // A gate has no sign: its zero is the paper.
    for (let i = 0; i < width; i++) colours[i] = palette.behind[share ? 128 + ((bytes[i] ?? 0) >> 1) : bytes[i] || 128] ?? 0;
    context.putImageData(pixels, 0, 0);
  });
  const style = { width: `${width}ch` };
  const within = (start: number, stop: number) => ({ left: `${start - row.first}ch`, width: `${stop - start}ch` });
  const [start, stop] = [Math.max(row.first, range?.start ?? 0), Math.min(row.last, range?.stop ?? 0)];
  let text = "";
  for (let step = row.first; step < row.last; step++) {
    const token = tokenAt(states.page, step);
    text += token === "\n" ? visible(token) : token || "·";
  }
  return (
    <span className="strip-line">
      <canvas ref={canvas} width={width} height={1} style={style} aria-hidden="true" />
      {stop > start && <span className="strip-range" style={within(start, stop)} />}
      {at !== undefined && at >= row.first && at < row.last && <span className="strip-at" style={within(at, at + 1)} />}
      <span className="strip-text" style={style}>
        {text}
      </span>
    </span>
  );
}
