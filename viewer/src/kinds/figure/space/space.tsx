// The space of states: where they lie, one path through it, and between which regions it leads.
import { useEffect, useLayoutEffect, useMemo, useRef, useState, type MouseEvent } from "react";
import type { StateSpaceView } from "../../../generated/document";
import { useSpeech } from "../../../i18n";
import { Facts } from "../../../parts/words";
import { href } from "../../../core/routes";
import { extent, unpack } from "../../../core/values";
import { usePalette } from "../../../parts/sequence/theme";
import { visible } from "../../../parts/sequence/tokens";
import { regionColour } from "./colours";
import { MoveGraph } from "./moves";
import { Regions } from "./regions";

const [WIDTH, HEIGHT, PAD] = [560, 430, 16] as const;
const PATH = 60; // steps of a path that are drawn

export default function SpaceFigure({ view }: { view: StateSpaceView }) {
  const { t, number, percent, integer } = useSpeech();
  const [region, setRegion] = useState<number | null>(null);
  const [sequence, setSequence] = useState(0);
  const [start, setStart] = useState(0);
  const offsets = useMemo(() => view.lengths.reduce((all, n) => [...all, (all.at(-1) ?? 0) + n], [0]), [view.lengths]);
  const length = view.lengths[sequence] ?? 1;
  const text = view.texts[sequence] ?? null;
  const id = view.sequences[sequence] ?? null;
  const regions = unpack(view.regions) as Uint8Array;
  const end = Math.min(length - 1, start + PATH - 1);
  const [first, last] = [(offsets[sequence] ?? 0) + start, (offsets[sequence] ?? 0) + end];
  return (
    <>
      <Facts
        items={[
          [t("sequence.place"), `${view.layer}${view.direction ? " ←" : ""} ${view.state}`],
          [t("fact.stability"), number(view.stability)],
          [t("space.fidelity"), view.fidelity === null ? "–" : percent(view.fidelity)],
          [t("space.baseline"), view.baseline === null ? "–" : percent(view.baseline)],
        ]}
      />
      <div className="split">
        <figure>
          <Scatter view={view} region={region} first={first} last={last} choose={(point) => {
            const found = offsets.findLastIndex((offset) => offset <= point);
            setSequence(found);
            setStart(point - (offsets[found] ?? 0));
          }} />
          <div className="space-path row small below">
            {view.lengths.length > 1 && (
              <label>
                {t("space.sequence")}{" "}
                <select value={sequence} onChange={(event) => (setSequence(Number(event.target.value)), setStart(0))}>
                  {view.lengths.map((_, i) => (
                    <option key={i} value={i}>
                      {i}
                    </option>
                  ))}
                </select>
              </label>
            )}
            <label>
              {t("space.start")} <input type="range" min={0} max={Math.max(0, length - 1)} value={start} onChange={(event) => setStart(Number(event.target.value))} />
            </label>
            <output>{integer(start)}</output>
            {id !== null && <a href={href({ page: "sequence", sequence: id, at: start })}>{t("space.open")}</a>}
          </div>
          <p className="space-text" aria-live="polite">
            {Array.from({ length: Math.max(0, end - start + 1) }, (_, i) => (
              <span key={i} className={i === 0 ? "now" : undefined} style={{ borderColor: regionColour(regions[first + i] ?? 0) }} title={t("space.region", { n: regions[first + i] ?? 0 })}>
                {text === null ? (i === 0 ? "•" : "·") : visible(text[start + i] ?? "")}
              </span>
            ))}
          </p>
          <figcaption className="caption">
            {t("space.caption", { first: percent(view.explained[0] ?? 0), second: percent(view.explained[1] ?? 0), n: integer(regions.length), of: integer(view.steps) })}
          </figcaption>
        </figure>
        <figure>
          <MoveGraph view={view} region={region} choose={setRegion} />
          <figcaption className="caption">{t("space.graph.caption")}</figcaption>
        </figure>
      </div>
      <Regions view={view} region={region} choose={setRegion} />
    </>
  );
}

type Drawn = { view: StateSpaceView; region: number | null; first: number; last: number; choose: (point: number) => void };

function Scatter({ view, region, first, last, choose }: Drawn) {
  const { t } = useSpeech();
  const palette = usePalette();
  const canvas = useRef<HTMLCanvasElement>(null);
  const above = useRef<HTMLCanvasElement>(null);
  const ratio = Math.min(2, globalThis.devicePixelRatio || 1);
  const points = unpack(view.points) as Float32Array;
  const regions = unpack(view.regions) as Uint8Array;
  const place = useMemo(() => {
    const each = (axis: 0 | 1) => extent(Float32Array.from({ length: points.length / 2 }, (_, i) => points[2 * i + axis] ?? 0));
    const [[left, right], [bottom, top]] = [each(0), each(1)];
    return (i: number): [number, number] => [
      PAD + (((points[2 * i] ?? 0) - left) / (right - left || 1)) * (WIDTH - 2 * PAD),
      HEIGHT - PAD - (((points[2 * i + 1] ?? 0) - bottom) / (top - bottom || 1)) * (HEIGHT - 2 * PAD),
    ];
  }, [points]);
  const centres = useMemo(() => middles(points.length / 2, regions, place), [points, regions, place]);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, WIDTH, HEIGHT);
    const size = regions.length > 8000 ? 1.6 : 2.6;
    for (let i = 0; i < regions.length; i++) {
      const own = regions[i] ?? 0;
      const faded = region !== null && own !== region;
      context.globalAlpha = faded ? 0.06 : region !== null ? 0.8 : 0.45;
      context.fillStyle = faded ? palette.quiet : regionColour(own);
      const [x, y] = place(i);
      context.fillRect(x - size / 2, y - size / 2, size, size);
    }
    context.globalAlpha = 1;
  }, [regions, region, palette, place, ratio]);
  useLayoutEffect(() => {
    const context = above.current?.getContext("2d");
    if (!context) return;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, WIDTH, HEIGHT);
    context.strokeStyle = palette.ink;
    context.lineWidth = 1.2;
    context.lineJoin = "round";
    context.globalAlpha = 0.75;
    context.beginPath();
    for (let i = first; i <= last; i++) context.lineTo(...place(i));
    context.stroke();
    context.globalAlpha = 1;
    context.fillStyle = palette.ink;
    context.beginPath();
    context.arc(...place(first), 4.5, 0, 7);
    context.fill();
    context.font = "600 12px Inter, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineWidth = 3.5;
    context.strokeStyle = `rgb(${palette.paper.join(" ")})`;
    centres.forEach((centre, n) => {
      if (!centre) return;
      context.strokeText(String(n), ...centre);
      context.fillText(String(n), ...centre);
    });
  }, [first, last, place, palette, centres, ratio]);
  const nearest = (event: MouseEvent) => {
    const bounds = above.current?.getBoundingClientRect();
    if (!bounds) return;
    const [x, y] = [((event.clientX - bounds.left) / bounds.width) * WIDTH, ((event.clientY - bounds.top) / bounds.height) * HEIGHT];
    let [found, best] = [0, Infinity];
    for (let i = 0; i < regions.length; i++) {
      const [a, b] = place(i);
      const far = (a - x) ** 2 + (b - y) ** 2;
      if (far < best) [found, best] = [i, far];
    }
    choose(found);
  };
  const size = { width: Math.round(WIDTH * ratio), height: Math.round(HEIGHT * ratio) };
  return (
    <div className="space-scatter edged" style={{ aspectRatio: `${WIDTH} / ${HEIGHT}` }}>
      <canvas className="fill" ref={canvas} {...size} aria-hidden="true" />
      <canvas className="fill" ref={above} {...size} role="img" aria-label={t("space.alt", { n: regions.length })} onClick={nearest} />
    </div>
  );
}

/** The middle of each region: the medians of its points. */
function middles(count: number, regions: Uint8Array, place: (i: number) => [number, number]): ([number, number] | undefined)[] {
  const all: [number[], number[]][] = [];
  for (let i = 0; i < count; i++) {
    const [x, y] = place(i);
    const one = (all[regions[i] ?? 0] ??= [[], []]);
    one[0].push(x);
    one[1].push(y);
  }
  const middle = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? 0;
  return Array.from(all, (one) => one && [middle(one[0]), middle(one[1])]);
}
