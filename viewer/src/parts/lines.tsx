// Curves over one axis, on one scale. Ends and middle of both axes are told.
import type { CSSProperties } from "react";

const WIDTH = 300;
const HEIGHT = 150;
const LEFT = 38;
const BOTTOM = 18;

/** values: one a step, nothing where there is none. steps: its own, where they are not those of all. */
export type Curve = { values: ArrayLike<number | null>; steps?: ArrayLike<number>; className?: string; style?: CSSProperties };
type Shown = { steps: ArrayLike<number>; curves: Curve[]; low?: number; top: number; mark?: number; alt: string; step: (n: number) => string; value: (n: number) => string };

export function Lines({ steps, curves, low = 0, top, mark, alt, step, value }: Shown) {
  const [first, last] = [steps[0] ?? 0, steps[steps.length - 1] ?? 1];
  const x = (s: number) => LEFT + ((WIDTH - LEFT - 8) * (s - first)) / (last - first || 1);
  const y = (v: number) => 6 + (HEIGHT - BOTTOM - 6) * (1 - (v - low) / (top - low || 1));
  const path = (values: Curve["values"], own: ArrayLike<number>) => {
    let pen = "M";
    return Array.from(values, (v, i) => {
      if (v === null || Number.isNaN(v)) return (pen = "M"), "";
      const point = `${pen}${x(own[i] ?? 0).toFixed(1)} ${y(v).toFixed(1)}`;
      pen = "L";
      return point;
    }).join("");
  };
  const middle = (first + last) / 2;
  return (
    <svg className="lines chart" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={alt}>
      {[low, (low + top) / 2, top].map((v) => (
        <g key={v}>
          <line className="axes" x1={LEFT} x2={WIDTH - 8} y1={y(v)} y2={y(v)} />
          <text x={LEFT - 5} y={y(v) + 3.5} textAnchor="end">
            {value(v)}
          </text>
        </g>
      ))}
      {[first, middle, last].map((s, i) => (
        <text key={i} x={x(s)} y={HEIGHT - 4} textAnchor={i === 0 ? "start" : i === 1 ? "middle" : "end"}>
          {step(s)}
        </text>
      ))}
      {curves.map(({ values, steps: own, ...look }, i) => (
        <path key={i} {...look} d={path(values, own ?? steps)} />
      ))}
      {mark !== undefined && <line className="step-mark" x1={x(mark)} x2={x(mark)} y1={4} y2={HEIGHT - BOTTOM} />}
    </svg>
  );
}
