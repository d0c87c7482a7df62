// The graph of moves: an arrow from region to region, as thick as its share of the steps that leave there.
import type { StateSpaceView } from "../../../generated/document";
import { useSpeech } from "../../../i18n";
import { unpack } from "../../../core/values";
import { regionColour } from "./colours";

const [SIZE, RING] = [430, 160] as const;
const LEAST = 0.05; // moves rarer than this are not drawn

/** (R, R): of the steps in a region, the share that leads to each. */
export function shares(view: StateSpaceView): number[][] {
  const moves = unpack(view.moves) as Uint32Array;
  const count = view.moves.shape[0] ?? 0;
  return Array.from({ length: count }, (_, from) => {
    const row = [...moves.subarray(from * count, (from + 1) * count)];
    const total = row.reduce((a, b) => a + b, 0);
    return row.map((n) => (total ? n / total : 0));
  });
}

export function MoveGraph({ view, region, choose }: { view: StateSpaceView; region: number | null; choose: (region: number | null) => void }) {
  const { t, percent } = useSpeech();
  const leads = shares(view);
  const count = leads.length;
  const total = view.about.reduce((sum, one) => sum + one.steps, 0) || 1;
  const radius = (n: number) => Math.min(24, 130 / Math.sqrt(count), 9 + 34 * Math.sqrt((view.about[n]?.steps ?? 0) / total));
  const place = (n: number): [number, number] => {
    const angle = Math.PI / 2 - (2 * Math.PI * n) / count;
    return [SIZE / 2 + RING * Math.cos(angle), SIZE / 2 - RING * Math.sin(angle)];
  };
  const edges = leads.flatMap((row, from) => row.flatMap((share, to) => (from !== to && share >= LEAST ? [{ from, to, share }] : [])));
  return (
    <svg className="moves chart" viewBox={`0 0 ${SIZE} ${SIZE}`} role="img" aria-label={t("space.graph.alt", { n: count })}>
      <defs>
        <marker id="move-end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" markerUnits="userSpaceOnUse" orient="auto">
          <path d="M0 0L8 4L0 8z" />
        </marker>
      </defs>
      {edges.map(({ from, to, share }) => {
        const [a, b] = [place(from), place(to)];
        const far = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
        const along = [(b[0] - a[0]) / far, (b[1] - a[1]) / far] as const;
        const side = [along[1], -along[0]] as const;
        const bend = 0.12 * far;
        const from2 = [a[0] + along[0] * radius(from) + side[0] * 5, a[1] + along[1] * radius(from) + side[1] * 5] as const;
        const to2 = [b[0] - along[0] * (radius(to) + 3) + side[0] * 5, b[1] - along[1] * (radius(to) + 3) + side[1] * 5] as const;
        const middle = [(a[0] + b[0]) / 2 + side[0] * bend, (a[1] + b[1]) / 2 + side[1] * bend] as const;
        const own = region === from;
        return (
          <g key={`${from}-${to}`} className={region === null ? undefined : own ? "now" : "away"}>
            <path d={`M${from2.join(" ")}Q${middle.join(" ")} ${to2.join(" ")}`} strokeWidth={0.8 + 5 * share} markerEnd="url(#move-end)" />
            {own && (
              <text x={middle[0]} y={middle[1] + 4} textAnchor="middle">
                {percent(share)}
              </text>
            )}
          </g>
        );
      })}
      {leads.map((row, n) => {
        const [x, y] = place(n);
        return (
          <g key={n} className={region === null || region === n ? "node" : "node away"} onMouseEnter={() => choose(n)} onMouseLeave={() => choose(null)}>
            <circle cx={x} cy={y} r={radius(n)} style={{ stroke: regionColour(n) }} />
            <text x={x} y={y + 4} textAnchor="middle">
              {n}
            </text>
            <title>{t("space.stays", { n, share: percent(row[n] ?? 0) })}</title>
          </g>
        );
      })}
    </svg>
  );
}
