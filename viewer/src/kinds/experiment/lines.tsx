// Curves over one axis, on one scale: each thin, their mean thick. Ends and middle of both axes are told.
import type { Line } from "../../generated/document";

const WIDTH = 300;
const HEIGHT = 150;
const LEFT = 38;
const BOTTOM = 18;

type Shown = { steps: number[]; line: Line; top: number; alt: string; step: (n: number) => string; value: (n: number) => string };

export function Lines({ steps, line, top, alt, step, value }: Shown) {
  const [first, last] = [steps[0] ?? 0, steps.at(-1) ?? 1];
  const x = (s: number) => LEFT + ((WIDTH - LEFT - 8) * (s - first)) / (last - first || 1);
  const y = (v: number) => 6 + (HEIGHT - BOTTOM - 6) * (1 - v / (top || 1));
  const path = (values: (number | null)[]) =>
    values.flatMap((v, i) => (v === null ? [] : [`${x(steps[i] ?? 0).toFixed(1)} ${y(v).toFixed(1)}`])).map((p, i) => (i ? "L" : "M") + p).join("");
  const middle = (first + last) / 2;
  return (
    <svg className="lines" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={alt}>
      {[0, top / 2, top].map((v) => (
        <g key={v}>
          <line className="grid" x1={LEFT} x2={WIDTH - 8} y1={y(v)} y2={y(v)} />
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
      {line.each.length > 1 && line.each.map((values, i) => <path key={i} className="each" d={path(values)} />)}
      <path className="mean" d={path(line.mean)} />
    </svg>
  );
}
