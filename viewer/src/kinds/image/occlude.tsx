// Draw on a picture to hide that part from the network, and see at once what it then says.
import { useCallback, useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import type { Occluded, PhotographPage } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { server } from "../../core/live";
import { useProblem } from "../../parts/jobs";
import { Image } from "../../parts/picture";
import { Explain } from "../../parts/words";

const FILLS = ["mean", "grey", "blur"] as const;
const UNDONE = 40; // strokes that can be taken back
const STEP = 6; // pixels of the input that an arrow key moves the brush

/** A mask as the server takes it: one bit a pixel, in rows, the first in the highest bit. */
export function pack(alpha: Uint8ClampedArray | number[]): Uint8Array<ArrayBuffer> {
  const count = alpha.length / 4;
  const bits = new Uint8Array(Math.ceil(count / 8));
  for (let i = 0; i < count; i++) if ((alpha[4 * i + 3] ?? 0) > 127) bits[i >> 3] = (bits[i >> 3] ?? 0) | (128 >> (i & 7));
  return bits;
}

export function Occlude({ photograph }: { photograph: PhotographPage }) {
  const { t, percent, number } = useSpeech();
  const { width, height } = photograph.seen;
  const canvas = useRef<HTMLCanvasElement>(null);
  const [size, setSize] = useState(Math.round(Math.min(width, height) / 7));
  const [fill, setFill] = useState<Occluded["fill"]>("mean");
  const [keep, setKeep] = useState(false);
  const [answer, setAnswer] = useState<Occluded | null>(null);
  const [problem, setProblem] = useProblem();
  const strokes = useRef<ImageData[]>([]); // the drawing as it was before each
  const [undoable, setUndoable] = useState(false);
  const [at, setAt] = useState({ x: width / 2, y: height / 2, shown: false });
  const last = useRef<{ x: number; y: number } | null>(null);
  const asking = useRef({ busy: false, again: false });
  const ready = useRef(false);
  const drawn = useRef(false);

  // One question at a time; while it is answered only the newest drawing waits.
  const ask = useCallback(() => {
    const state = asking.current;
    const context = canvas.current?.getContext("2d", { willReadFrequently: true });
    if (!context || !drawn.current) return;
    if (state.busy) {
      state.again = true;
      return;
    }
    state.busy = true;
    const mask = pack(context.getImageData(0, 0, width, height).data);
    server
      .occlude(photograph.id, mask, fill, keep)
      .then(
        (said) => {
          setAnswer(said);
          setProblem(null);
        },
        setProblem,
      )
      .finally(() => {
        state.busy = false;
        if (state.again) {
          state.again = false;
          ask();
        }
      });
  }, [photograph.id, width, height, fill, keep]);
  useEffect(ask, [ask]);

  const stroke = (x: number, y: number) => {
    const context = canvas.current?.getContext("2d", { willReadFrequently: true });
    if (!context) return;
    const from = last.current ?? { x, y };
    context.lineCap = context.lineJoin = "round";
    context.lineWidth = size;
    context.strokeStyle = "#000";
    context.beginPath();
    context.moveTo(from.x, from.y);
    context.lineTo(x + 0.01, y);
    context.stroke();
    last.current = { x, y };
    drawn.current = true;
    ask();
  };
  const place = (event: PointerEvent<HTMLCanvasElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    return { x: ((event.clientX - box.left) / box.width) * width, y: ((event.clientY - box.top) / box.height) * height };
  };
  const move = (event: PointerEvent<HTMLCanvasElement>) => {
    const { x, y } = place(event);
    setAt({ x, y, shown: true });
    if (event.buttons & 1) stroke(x, y);
  };
  const keys = (event: KeyboardEvent<HTMLCanvasElement>) => {
    const ways: { [key: string]: [number, number] } = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
    const way = ways[event.key];
    if (way) {
      event.preventDefault();
      setAt((now) => ({ x: Math.min(width, Math.max(0, now.x + way[0])), y: Math.min(height, Math.max(0, now.y + way[1])), shown: true }));
    } else if (event.key === " " || event.key === "Enter") {
      event.preventDefault();
      begin();
      stroke(at.x, at.y);
    }
  };
  const begin = () => {
    const before = canvas.current?.getContext("2d", { willReadFrequently: true })?.getImageData(0, 0, width, height);
    if (before) strokes.current = [...strokes.current.slice(1 - UNDONE), before];
    setUndoable(true);
    last.current = null;
  };
  const undo = () => {
    const before = strokes.current.pop();
    if (before) canvas.current?.getContext("2d", { willReadFrequently: true })?.putImageData(before, 0, 0);
    setUndoable(strokes.current.length > 0);
    if (strokes.current.length > 0 || before?.data.some(Boolean)) ask();
    else clear();
  };
  const clear = () => {
    canvas.current?.getContext("2d")?.clearRect(0, 0, width, height);
    drawn.current = false;
    strokes.current = [];
    setUndoable(false);
    setAnswer(null);
  };
  useEffect(() => {
    const press = (event: globalThis.KeyboardEvent) => {
      const on = event.target instanceof Element && event.target.closest("input:not([type=range], [type=checkbox]), textarea");
      if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey) || on || strokes.current.length === 0) return;
      event.preventDefault();
      undo();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  });
  // The server makes the picture ready before the first stroke.
  const warm = () => {
    if (ready.current) return;
    ready.current = true;
    void server.occlude(photograph.id, new Uint8Array(Math.ceil((width * height) / 8)), fill, false).catch(() => undefined);
  };
  const part = (n: number, of: number) => `${(100 * n) / of}%`;
  return (
    <section className="occlude screen-only">
      <div className="row-head">
        <h2>{t("occlude.title")}</h2>
      </div>
      <p className="caption">{t("occlude.how")}</p>
      <div className="occlude-body split">
        <div className={keep ? "occlude-stage keep" : "occlude-stage"} style={{ aspectRatio: `${width} / ${height}` }}>
          <Image className="fill" picture={photograph.seen} alt={t("image.seen.alt", { name: photograph.name })} eager />
          <canvas
            className="fill"
            ref={canvas}
            width={width}
            height={height}
            tabIndex={0}
            role="application"
            aria-label={t("occlude.canvas")}
            onPointerDown={(event) => {
              event.currentTarget.setPointerCapture(event.pointerId);
              begin();
              const { x, y } = place(event);
              stroke(x, y);
            }}
            onPointerEnter={warm}
            onPointerMove={move}
            onPointerLeave={() => setAt((now) => ({ ...now, shown: false }))}
            onFocus={() => {
              warm();
              setAt((now) => ({ ...now, shown: true }));
            }}
            onBlur={() => setAt((now) => ({ ...now, shown: false }))}
            onKeyDown={keys}
          />
          {at.shown && (
            <span className="brush" style={{ left: part(at.x - size / 2, width), top: part(at.y - size / 2, height), width: part(size, width), height: part(size, height) }} />
          )}
        </div>
        <div className="occlude-side stack">
          <div className="row">
            <label className="slider">
              {t("occlude.brush")}
              <input type="range" min={4} max={Math.round(Math.min(width, height) / 2)} value={size} onChange={(event) => setSize(Number(event.target.value))} />
            </label>
            <label className="inline">
              {t("occlude.fill")}{" "}
              <select value={fill} onChange={(event) => setFill(event.target.value as Occluded["fill"])}>
                {FILLS.map((f) => (
                  <option key={f} value={f}>
                    {t(`occlude.fill.${f}`)}
                  </option>
                ))}
              </select>
            </label>
            <label className="inline">
              <input type="checkbox" checked={keep} onChange={(event) => setKeep(event.target.checked)} /> {t("occlude.keep")}
            </label>
            <button type="button" onClick={undo} disabled={!undoable} aria-keyshortcuts="Control+Z">
              {t("occlude.undo")}
            </button>
            <button type="button" onClick={clear}>
              {t("clear")}
            </button>
          </div>
          <Changes answer={answer} photograph={photograph} />
          <p className="caption" aria-live="polite">
            {answer
              ? t("occlude.said", { hidden: percent(answer.hidden), first: answer.first, ms: number(answer.milliseconds) })
              : t("occlude.nothing")}
          </p>
          {problem && (
            <p className="note" role="alert">
              {problem}
            </p>
          )}
          <Explain text="occlude.explain" />
        </div>
      </div>
    </section>
  );
}

function Changes({ answer, photograph }: { answer: Occluded | null; photograph: PhotographPage }) {
  const { t, percent } = useSpeech();
  const rows = answer?.changes ?? photograph.prediction.map((g) => ({ label: g.label, before: g.probability, after: g.probability }));
  return (
    <table className="changes">
      <thead>
        <tr>
          <th scope="col">{t("occlude.label")}</th>
          <th scope="col">{t("occlude.before")}</th>
          <th scope="col">{t("occlude.after")}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.label}>
            <th scope="row">{row.label}</th>
            <td>{percent(row.before)}</td>
            <td>
              <span className="change">
                <span className="bar" aria-hidden="true">
                  <span className="control" style={{ width: `${100 * row.before}%` }} />
                  <span className="is" style={{ width: `${100 * row.after}%` }} />
                </span>
                <span>{answer ? percent(row.after) : "–"}</span>
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
