// A short stretch of a series, with the steps that are meant shaded.
import type { Curve } from "../../generated/document";
import { unpack } from "../../core/values";
import "./sequence.css";

const [WIDTH, HEIGHT, PAD] = [300, 30, 2];

export function Sparkline({ curve, start, stop, label }: { curve: Curve; start: number; stop: number; label: string }) {
  const values = unpack(curve.values) as Float32Array;
  const [steps, features] = [curve.values.shape[0] ?? 0, curve.values.shape[1] ?? 1];
  const x = (step: number) => ((step - curve.first) / Math.max(1, steps - 1)) * WIDTH;
  const y = (value: number) => PAD + (1 - value) * (HEIGHT - 2 * PAD);
  const path = (feature: number) => Array.from({ length: steps }, (_, i) => `${i ? "L" : "M"}${x(curve.first + i).toFixed(1)} ${y(values[i * features + feature] ?? 0).toFixed(1)}`).join("");
  const from = Math.max(0, x(start - 0.5));
  return (
    <svg className="sparkline chart" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width={WIDTH} height={HEIGHT} role="img" aria-label={label}>
      <rect x={from} y={0} width={Math.max(1.5, Math.min(WIDTH, x(stop - 0.5)) - from)} height={HEIGHT} />
      {Array.from({ length: features }, (_, feature) => (
        <path key={feature} className={`input-${feature}`} d={path(feature)} />
      ))}
    </svg>
  );
}
