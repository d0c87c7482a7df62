// One time axis under many lanes: only what is in sight is drawn, so that a hundred thousand steps scroll as one does.
import { useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent, type MouseEvent, type PointerEvent, type ReactNode } from "react";
import type { Palette } from "./colours";
import "./sequence.css";

/** What a lane draws in: steps first to last, `px` wide each, beginning `shift` pixels left of the edge. */
export type View = { context: CanvasRenderingContext2D; first: number; last: number; px: number; shift: number; width: number; palette: Palette };

export type Lane = {
  key: string;
  label: ReactNode;
  height: number;
  alt: string;
  draw: (view: View) => void;
  /** Called with the height within the lane, and the step, where the reader clicked. */
  click?: (y: number, step: number) => void;
  /** The same where the pointer is; null where it has left. */
  hover?: (at: { y: number; step: number } | null) => void;
};

export type Span = { start: number; stop: number };

type Shown = {
  lanes: Lane[];
  steps: number;
  px: number;
  palette: Palette;
  at: number | undefined;
  range: Span | undefined;
  label: string;
  /** A step was chosen; where ranges can be, also a range, by dragging or with Shift and the arrow keys. */
  choose: (step: number, range?: Span) => void;
  ranges?: boolean;
  /** What the arrows up and down do, where there are rows to go through. */
  turn?: (by: number) => void;
};

const GAP = 10;

export function Timeline({ lanes, steps, px, palette, at, range, label, choose, ranges, turn }: Shown) {
  const box = useRef<HTMLDivElement>(null);
  const [scroll, setScroll] = useState(0);
  const [width, setWidth] = useState(800);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const watch = new ResizeObserver(() => setWidth(element.clientWidth));
    watch.observe(element);
    setWidth(element.clientWidth);
    return () => watch.disconnect();
  }, []);
  // The chosen step stays in sight, also when the reader enlarges.
  useEffect(() => {
    const element = box.current;
    if (!element || at === undefined) return;
    const x = at * px;
    if (x < element.scrollLeft + 2 * px || x > element.scrollLeft + element.clientWidth - 3 * px)
      element.scrollLeft = Math.max(0, x - element.clientWidth / 3);
  }, [at, px]);
  const first = Math.max(0, Math.floor(scroll / px));
  const last = Math.min(steps, Math.ceil((scroll + width) / px) + 1);
  const shift = scroll - first * px;
  const stepOf = (event: MouseEvent) => {
    const bounds = box.current?.getBoundingClientRect();
    return Math.max(0, Math.min(steps - 1, Math.floor((event.clientX - (bounds?.left ?? 0) + scroll) / px)));
  };
  const key = (event: KeyboardEvent) => {
    const row = turn ? { ArrowUp: -1, ArrowDown: 1 }[event.key] : undefined;
    if (row !== undefined) {
      event.preventDefault();
      return turn?.(row);
    }
    const to = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const now = at ?? 0;
    const step = Math.max(0, Math.min(steps - 1, now + to));
    if (!ranges || !event.shiftKey) return choose(step);
    const fixed = range ? (now >= range.stop - 1 ? range.start : range.stop - 1) : now;
    choose(step, step === fixed ? undefined : span(fixed, step));
  };
  const held = useRef<number | null>(null);
  const drag = (event: PointerEvent) => {
    if (!ranges || held.current === null || !(event.buttons & 1)) return;
    const step = stepOf(event);
    if (step !== held.current || range) choose(step, step === held.current ? undefined : span(held.current, step));
  };
  return (
    <div className="timeline">
      <div className="timeline-labels small quiet" aria-hidden="true">
        {lanes.map((lane) => (
          <div key={lane.key} style={{ height: lane.height, marginBottom: GAP }}>
            <span>{lane.label}</span>
          </div>
        ))}
      </div>
      <div className="timeline-box" ref={box} tabIndex={0} role="group" aria-label={label} onScroll={(event) => setScroll(event.currentTarget.scrollLeft)} onKeyDown={key}>
        <div className="timeline-space" style={{ width: Math.max(steps * px, 1) }}>
          <div className="timeline-lanes" style={{ width }} onPointerDown={(event) => (held.current = stepOf(event))} onPointerMove={drag}>
            {lanes.map((lane) => (
              <LaneCanvas
                key={lane.key}
                lane={lane}
                view={{ first, last, px, shift, width, palette }}
                click={(event) => {
                  const step = stepOf(event);
                  if (ranges && held.current !== null && held.current !== step) return; // the end of a drag
                  choose(step);
                  lane.click?.(event.nativeEvent.offsetY, step);
                }}
                {...(lane.hover && { move: (event: MouseEvent | null) => lane.hover?.(event && { y: event.nativeEvent.offsetY, step: stepOf(event) }) })}
              />
            ))}
            {range && <span className="timeline-range" style={{ left: range.start * px - scroll, width: (range.stop - range.start) * px }} />}
            {at !== undefined && <span className="timeline-at" style={{ left: at * px - scroll, width: Math.max(2, px) }} />}
          </div>
        </div>
      </div>
    </div>
  );
}

const span = (a: number, b: number): Span => ({ start: Math.min(a, b), stop: Math.max(a, b) + 1 });

type Drawn = { lane: Lane; view: Omit<View, "context">; click: (event: MouseEvent) => void; move?: (event: MouseEvent | null) => void };

function LaneCanvas({ lane, view, click, move }: Drawn) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const ratio = Math.min(2, globalThis.devicePixelRatio || 1);
  useLayoutEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, view.width, lane.height);
    lane.draw({ ...view, context });
  });
  return (
    <canvas
      ref={canvas}
      className="timeline-lane"
      role="img"
      aria-label={lane.alt}
      width={Math.round(view.width * ratio)}
      height={Math.round(lane.height * ratio)}
      style={{ width: view.width, height: lane.height, marginBottom: GAP }}
      onClick={click}
      {...(move && { onMouseMove: move, onMouseLeave: () => move(null) })}
    />
  );
}
