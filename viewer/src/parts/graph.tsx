// The network as a drawing: pan, zoom, open a module to see what is inside, colour by what a layer is.
import { useEffect, useMemo, useRef, useState, type PointerEvent } from "react";
import type { LayerRow, NetworkView } from "../document";
import { ancestors, arrangeGraph, type GraphNode } from "../graph";
import { useSpeech, type Key } from "../i18n";
import { size } from "../layers";
import { Explain } from "./words";

const STATISTICS = ["none", "parameters", "field", "units"] as const;
type Statistic = (typeof STATISTICS)[number];

const product = (numbers: number[]) => numbers.reduce((a, b) => a * b, 1);
const measures: { [S in Exclude<Statistic, "none">]: (rows: LayerRow[]) => number } = {
  parameters: (rows) => rows.reduce((sum, row) => sum + row.parameters, 0),
  field: (rows) => Math.max(0, ...rows.map((row) => (row.receptive_field ? Math.sqrt(product(row.receptive_field.size)) : 0))),
  units: (rows) => Math.max(...rows.map((row) => row.units)),
};

/** Modules with nothing beside them are opened until there is something to see. */
function first(network: NetworkView): Set<string> {
  const open = new Set<string>();
  const tops = () => new Set(network.layers.map((row) => ancestors(row.name).find((m) => !open.has(m)) ?? row.name));
  for (let depth = 0; depth < 6 && tops().size < 4; depth++)
    for (const row of network.layers) {
      const module = ancestors(row.name).find((m) => !open.has(m));
      if (module !== undefined) open.add(module);
    }
  return open;
}

export function LayerGraph({ network, choose }: { network: NetworkView; choose: (name: string) => void }) {
  const { t, integer, compact } = useSpeech();
  const [open, setOpen] = useState(() => first(network));
  const [statistic, setStatistic] = useState<Statistic>("parameters");
  const [chosen, setChosen] = useState<string | null>(null);
  const kinds = useMemo(() => new Map(network.layers.map((row) => [row.name, row.kind])), [network]);
  const drawing = useMemo(() => arrangeGraph(network, open, kinds), [network, open, kinds]);
  const pane = useRef<SVGSVGElement>(null);
  const drag = useRef<{ x: number; y: number; left: number; top: number; moved: boolean } | null>(null);
  const [view, setView] = useState({ left: 0, top: 0, zoom: 1 });
  const fitted = useRef(0);
  useEffect(() => {
    // Fit the drawing once; later the reader's own place is kept.
    const box = pane.current?.getBoundingClientRect();
    if (!box || fitted.current > 0) return;
    fitted.current = 1;
    const zoom = Math.min(1, Math.max(0.35, box.width / (drawing.width || 1)));
    setView({ left: 0, top: Math.min(0, drawing.height - box.height / zoom) / 2, zoom });
  }, [drawing]);
  useEffect(() => {
    const svg = pane.current;
    if (!svg) return;
    const wheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey && !event.altKey) return; // a page must still scroll
      event.preventDefault();
      const box = svg.getBoundingClientRect();
      zoomAt(Math.exp(-event.deltaY / 300), event.clientX - box.left, event.clientY - box.top);
    };
    svg.addEventListener("wheel", wheel, { passive: false });
    return () => svg.removeEventListener("wheel", wheel);
  }, []);
  const zoomAt = (factor: number, x: number, y: number) =>
    setView((v) => {
      const zoom = Math.min(3, Math.max(0.08, v.zoom * factor));
      return { zoom, left: v.left + x / v.zoom - x / zoom, top: v.top + y / v.zoom - y / zoom };
    });
  const button = (factor: number) => {
    const box = pane.current?.getBoundingClientRect();
    zoomAt(factor, (box?.width ?? 0) / 2, (box?.height ?? 0) / 2);
  };
  const values = useMemo(() => (statistic === "none" ? [] : drawing.nodes.map((n) => measures[statistic](n.rows))), [drawing, statistic]);
  const high = Math.max(1e-9, ...values);
  const low = Math.min(...values.filter((v) => v > 0), high);
  // A logarithmic scale: sizes of layers lie orders of magnitude apart.
  const tint = (node: GraphNode) => {
    if (statistic === "none") return undefined;
    const value = measures[statistic](node.rows);
    const part = value <= 0 ? 0 : high === low ? 1 : 0.12 + (0.88 * Math.log(value / low)) / Math.log(high / low);
    return `color-mix(in oklab, var(--accent) ${Math.round(70 * part)}%, var(--card))`;
  };
  const toggle = (module: string) => {
    const next = new Set(open);
    if (!next.delete(module)) next.add(module);
    setOpen(next);
  };
  const press = (node: GraphNode) => {
    setChosen(node.id);
    if (node.isModule) toggle(node.id);
    else choose(node.id);
  };
  const detail = drawing.nodes.find((n) => n.id === chosen);
  const start = (event: PointerEvent<SVGSVGElement>) => {
    if (event.button === 0) drag.current = { x: event.clientX, y: event.clientY, left: view.left, top: view.top, moved: false };
  };
  const move = (event: PointerEvent<SVGSVGElement>) => {
    const from = drag.current;
    if (!from) return;
    if (!from.moved && Math.hypot(event.clientX - from.x, event.clientY - from.y) < 4) return;
    from.moved = true;
    event.currentTarget.setPointerCapture(event.pointerId);
    setView((v) => ({ ...v, left: from.left - (event.clientX - from.x) / v.zoom, top: from.top - (event.clientY - from.y) / v.zoom }));
  };
  if (!network.edges?.length) return null;
  const { left, top, zoom } = view;
  return (
    <section className="graph">
      <div className="row-head">
        <h2>{t("graph.title")}</h2>
        <span className="graph-tools">
          <label>
            {t("graph.colour")}{" "}
            <select value={statistic} onChange={(event) => setStatistic(event.target.value as Statistic)}>
              {STATISTICS.map((s) => (
                <option key={s} value={s}>
                  {t(`graph.colour.${s}` as Key)}
                </option>
              ))}
            </select>
          </label>
          <button type="button" aria-label={t("graph.in")} onClick={() => button(1.4)}>
            +
          </button>
          <button type="button" aria-label={t("graph.out")} onClick={() => button(1 / 1.4)}>
            −
          </button>
          <button type="button" onClick={() => setOpen(first(network))}>
            {t("graph.fold")}
          </button>
        </span>
      </div>
      <p className="caption">
        {t("graph.caption")}
        {statistic !== "none" && ` ${t("graph.scale", { what: t(`graph.colour.${statistic}` as Key), low: compact(low), high: compact(high) })}`}
      </p>
      <svg
        ref={pane}
        className="graph-pane"
        role="group"
        aria-label={t("graph.title")}
        onPointerDown={start}
        onPointerMove={move}
        onPointerUp={() => setTimeout(() => void (drag.current = null))}
        onPointerCancel={() => void (drag.current = null)}
      >
        <defs>
          <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto">
            <path d="M0 0 8 4 0 8z" />
          </marker>
        </defs>
        <g transform={`scale(${zoom}) translate(${-left} ${-top})`}>
          {drawing.groups.map((g) => (
            <g key={g.id} className="graph-group">
              <rect x={g.x - g.width / 2} y={g.y - g.height / 2} width={g.width} height={g.height} rx={8} />
              <text
                x={g.x - g.width / 2 + 8}
                y={g.y - g.height / 2 + 13}
                role="button"
                tabIndex={0}
                onClick={() => toggle(g.id)}
                onKeyDown={(event) => event.key === "Enter" && toggle(g.id)}
              >
                <title>{t("graph.close", { name: g.id })}</title>− {g.label}
              </text>
            </g>
          ))}
          {drawing.edges.map((e) => (
            <path key={`${e.from} ${e.to}`} className="graph-edge" d={e.points.map((p, i) => `${i ? "L" : "M"}${p.x.toFixed(1)} ${p.y.toFixed(1)}`).join("")} markerEnd="url(#arrow)" />
          ))}
          {drawing.nodes.map((n) => (
            <g
              key={n.id}
              className={n.isModule ? "graph-node module" : "graph-node"}
              transform={`translate(${n.x - n.width / 2} ${n.y - n.height / 2})`}
              role="button"
              tabIndex={0}
              aria-current={n.id === chosen ? "true" : undefined}
              onClick={() => drag.current?.moved || press(n)}
              onKeyDown={(event) => {
                if (event.key === "Enter" || event.key === " ") {
                  event.preventDefault();
                  press(n);
                }
              }}
            >
              <title>{n.id}</title>
              <rect width={n.width} height={n.height} rx={n.isModule ? 8 : 3} style={{ fill: tint(n) }} />
              <text x={n.width / 2} y={15}>
                {n.isModule ? `+ ${n.label}` : n.label}
              </text>
              <text x={n.width / 2} y={28} className="kind">
                {n.kind || t("graph.inside", { n: n.rows.length })}
              </text>
            </g>
          ))}
        </g>
      </svg>
      <p className="caption graph-said" aria-live="polite">
        {detail
          ? `${detail.id} · ${detail.isModule ? t("graph.inside", { n: detail.rows.length }) : detail.kind} · ${detail.rows.at(-1)?.shape.join(" × ")} · ${t("layer.parameters")} ${integer(measures.parameters(detail.rows))}${
              detail.rows.at(-1)?.receptive_field ? ` · ${t("layer.field")} ${size(detail.rows.at(-1)?.receptive_field?.size ?? [])}` : ""
            }`
          : t("graph.hint")}
      </p>
      <Explain text="graph.explain" />
    </section>
  );
}
