// A small curve without axes: its ends are told in words beside it.

export function Curve({ values, alt, width = 240, height = 44 }: { values: (number | null)[]; alt: string; width?: number; height?: number }) {
  const points = values.flatMap((v, i) => (v === null ? [] : [[i, v] as const]));
  if (points.length < 2) return null;
  const low = Math.min(...points.map(([, v]) => v));
  const high = Math.max(...points.map(([, v]) => v));
  const x = (i: number) => 2 + ((width - 4) * i) / (values.length - 1);
  const y = (v: number) => height - 3 - ((height - 6) * (v - low)) / (high - low || 1);
  const path = points.map(([i, v], n) => `${n ? "L" : "M"}${x(i).toFixed(1)} ${y(v).toFixed(1)}`).join("");
  return (
    <svg className="curve" viewBox={`0 0 ${width} ${height}`} width={width} height={height} role="img" aria-label={alt} preserveAspectRatio="none">
      <path d={path} vectorEffect="non-scaling-stroke" />
    </svg>
  );
}
