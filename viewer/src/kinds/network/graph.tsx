// The network as a drawing: pan, zoom, open a module to see what is inside, colour by what a layer is.
import { useEffect, useLayoutEffect, useMemo, useRef, useState, type PointerEvent } from "react";
import type { LayerRow, NetworkView, SurveyPage } from "../../generated/document";
import { sheetOf, toPdf, toPng, toSvg } from "./drawn";
import { ancestors, arrangeGraph, type GraphNode } from "./layout";
import { hand } from "../../core/hand";
import { useSpeech, type Key, type Speech } from "../../i18n";
import { size } from "./layers";
import { usePrinting } from "../../parts/printing";
import { Explain } from "../../parts/words";

const MOST = 420; // pixels of height
const PAPER = 660; // pixels across a printed page

/** A number that a layer, or all the layers of a module, can be coloured by. unit: of 1, written as a share. */
type Statistic = { name: string; label: string; value: (rows: LayerRow[]) => number | undefined; share?: boolean };

const product = (numbers: number[]) => numbers.reduce((a, b) => a * b, 1);
const total = (rows: LayerRow[]) => rows.reduce((sum, row) => sum + row.parameters, 0);

/** What the network says of itself, and what a survey found of its units. */
function statistics({ t }: Speech, survey: SurveyPage | undefined): Statistic[] {
  const known = new Map(survey?.layers.map((row) => [row.name, row]));
  const of = (rows: LayerRow[]) => rows.flatMap((row) => known.get(row.name) ?? []);
  const mean = (numbers: number[]) => (numbers.length ? numbers.reduce((a, b) => a + b, 0) / numbers.length : undefined);
  const faults = [...new Set(survey?.layers.flatMap((row) => Object.keys(row.faults)))];
  return [
    { name: "parameters", label: t("graph.colour.parameters"), value: total },
    { name: "field", label: t("graph.colour.field"), value: (rows) => Math.max(0, ...rows.map((row) => (row.receptive_field ? Math.sqrt(product(row.receptive_field.size)) : 0))) },
    { name: "units", label: t("graph.colour.units"), value: (rows) => Math.max(...rows.map((row) => row.units)) },
    { name: "size", label: t("graph.colour.size"), value: (rows) => Math.max(...rows.map((row) => product(row.shape))) },
    ...(survey
      ? [
          { name: "active", label: t("graph.colour.active"), share: true, value: (rows: LayerRow[]) => mean(of(rows).flatMap((row) => row.active[2] ?? [])) },
          ...faults.map((fault) => ({
            name: fault,
            label: t("graph.colour.fault", { fault: t(`fault.${fault}` as Key) }),
            value: (rows: LayerRow[]) => (of(rows).length ? of(rows).reduce((sum, row) => sum + (row.faults[fault] ?? 0), 0) : undefined),
          })),
        ]
      : []),
  ];
}

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

type Shown = { network: NetworkView; survey: SurveyPage | undefined; choose: (name: string) => void };

export function LayerGraph({ network, survey, choose }: Shown) {
  const speech = useSpeech();
  const { t, integer, compact, percent, number } = speech;
  const [open, setOpen] = useState(() => first(network));
  const [wanted, setWanted] = useState("parameters");
  const offered = useMemo(() => statistics(speech, survey), [speech, survey]);
  const statistic = offered.find((s) => s.name === wanted);
  const [chosen, setChosen] = useState<string | null>(null);
  const kinds = useMemo(() => new Map(network.layers.map((row) => [row.name, row.kind])), [network]);
  const drawing = useMemo(() => arrangeGraph(network, open, kinds), [network, open, kinds]);
  const pane = useRef<SVGSVGElement>(null);
  const drag = useRef<{ x: number; y: number; left: number; top: number; moved: boolean } | null>(null);
  const [view, setView] = useState({ left: 0, top: 0, zoom: 1 });
  const printing = usePrinting();
  const [tall, setTall] = useState(MOST / 2);
  const fitted = useRef(0);
  useLayoutEffect(() => {
    // Fit the drawing once; later the reader's own place is kept.
    const box = pane.current?.getBoundingClientRect();
    if (!box || fitted.current > 0) return;
    fitted.current = 1;
    const zoom = Math.min(1, Math.max(0.35, box.width / (drawing.width || 1)));
    setTall(Math.min(MOST, Math.max(150, drawing.height * zoom + 48)));
    setView({ left: -12 / zoom, top: -20 / zoom, zoom });
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
  const { low, high, linear } = useMemo(() => {
    const values = statistic ? drawing.nodes.flatMap((n) => statistic.value(n.rows) ?? []) : [];
    const above = values.filter((v) => v > 0);
    const ends = { low: Math.min(...above), high: Math.max(...above) };
    // Sizes of layers lie orders of magnitude apart; shares and counts do not.
    return above.length ? { ...ends, linear: statistic?.share === true || ends.high / ends.low < 20 } : { low: 0, high: 0, linear: true };
  }, [drawing, statistic]);
  const part = (node: GraphNode) => {
    const value = statistic?.value(node.rows);
    if (value === undefined || value <= 0 || high <= 0) return 0;
    return linear ? value / high : 0.12 + (0.88 * Math.log(value / low)) / Math.log(high / low);
  };
  const tint = (node: GraphNode) => (statistic ? `color-mix(in oklab, var(--accent) ${Math.round(70 * part(node))}%, var(--card))` : undefined);
  const written = (value: number | undefined) => (value === undefined ? "–" : statistic?.share ? percent(value) : value < 1 ? number(value) : compact(value));
  const scale = statistic
    ? t(linear ? "graph.scale.linear" : "graph.scale", { what: statistic.label, low: written(linear ? 0 : low), high: written(high) })
    : "";
  const save = async (kind: "svg" | "png" | "pdf") => {
    const sheet = sheetOf(drawing, part, [network.name, ...(statistic ? [`${statistic.name}: ${linear ? 0 : low} to ${high}${linear ? "" : ", logarithmic"}`] : [])].join(" - "));
    const name = `${network.name.replace(/[^\w.-]+/g, "-")}-layers.${kind}`;
    if (kind === "png") hand(await toPng(sheet), name);
    else hand(new Blob([kind === "svg" ? toSvg(sheet) : toPdf(sheet)], { type: kind === "svg" ? "image/svg+xml" : "application/pdf" }), name);
  };
  const toggle = (module: string) => {
    const next = new Set(open);
    if (!next.delete(module)) next.add(module);
    setOpen(next);
    setTall(MOST); // what is inside stands below
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
  // On paper the whole drawing is seen.
  const { left, top, zoom } = printing ? { left: -8, top: -8, zoom: Math.min(1, PAPER / (drawing.width + 16)) } : view;
  return (
    <section className="graph">
      <div className="row-head">
        <h2>{t("graph.title")}</h2>
        <span className="row small screen-only">
          <label>
            {t("colour.by")}{" "}
            <select value={wanted} onChange={(event) => setWanted(event.target.value)}>
              <option value="none">{t("graph.colour.none")}</option>
              {offered.map((s) => (
                <option key={s.name} value={s.name}>
                  {s.label}
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
          <span className="row" role="group" aria-label={t("figure.take")}>
            {(["png", "svg", "pdf"] as const).map((kind) => (
              <button key={kind} type="button" title={t("figure.take")} onClick={() => void save(kind)}>
                {kind.toUpperCase()}
              </button>
            ))}
          </span>
        </span>
      </div>
      <p className="caption">
        {t("graph.caption")}
        {scale && ` ${scale}`}
      </p>
      <svg
        ref={pane}
        className="graph-pane edged"
        style={{ height: printing ? (drawing.height + 24) * zoom : tall }}
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
                {n.kind || t("layers.n", { n: n.rows.length })}
              </text>
            </g>
          ))}
        </g>
      </svg>
      <p className="caption graph-said" aria-live="polite">
        {detail
          ? `${detail.id} · ${detail.isModule ? t("layers.n", { n: detail.rows.length }) : detail.kind} · ${detail.rows.at(-1)?.shape.join(" × ")} · ${t("parameters")} ${integer(total(detail.rows))}${
              detail.rows.at(-1)?.receptive_field ? ` · ${t("layer.field")} ${size(detail.rows.at(-1)?.receptive_field?.size ?? [])}` : ""
            }${statistic && statistic.name !== "parameters" ? ` · ${statistic.label} ${written(statistic.value(detail.rows))}` : ""}`
          : t("graph.hint")}
      </p>
      <Explain text="graph.explain" />
    </section>
  );
}
