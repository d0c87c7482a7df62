// The network's layers as a graph that can be folded: modules stand for what is inside them until they are opened.
import { Graph, layout } from "@dagrejs/dagre";
import type { LayerRow, NetworkView } from "../../generated/document";

export type GraphNode = {
  id: string;
  /** What is written: the last part of the name. */
  label: string;
  kind: string;
  /** The folded layers, in execution order; a single one is a layer itself. */
  rows: LayerRow[];
  isModule: boolean;
  x: number;
  y: number;
  width: number;
  height: number;
};
export type GraphEdge = { from: string; to: string; points: { x: number; y: number }[] };
export type GraphGroup = { id: string; label: string; x: number; y: number; width: number; height: number };
export type Drawing = { nodes: GraphNode[]; edges: GraphEdge[]; groups: GraphGroup[]; width: number; height: number };

const plain = (name: string) => name.replace(/:\d+$/, "");
const parts = (name: string) => plain(name).split(".");

/** Modules that contain `name`, outermost first, without itself. */
export function ancestors(name: string): string[] {
  const all = parts(name);
  return all.slice(0, -1).map((_, i) => all.slice(0, i + 1).join("."));
}

/** The node that shows a layer: its outermost module that is not open, or the layer itself. */
export function shownAs(name: string, open: ReadonlySet<string>): string {
  return ancestors(name).find((module) => !open.has(module)) ?? name;
}

/** Nodes and edges as they are with these modules open, not yet placed. */
export function fold(network: Pick<NetworkView, "layers" | "edges">, open: ReadonlySet<string>) {
  const at = (network.edges ?? []).flat();
  const used = new Set(at);
  const nodes = new Map<string, LayerRow[]>();
  network.layers.forEach((row, i) => {
    if (!used.has(i)) return;
    const id = shownAs(row.name, open);
    const rows = nodes.get(id);
    if (rows) rows.push(row);
    else nodes.set(id, [row]);
  });
  const edges = new Map<string, [string, string]>();
  for (const [a = 0, b = 0] of network.edges ?? []) {
    const from = shownAs(network.layers[a]?.name ?? "", open);
    const to = shownAs(network.layers[b]?.name ?? "", open);
    if (from !== to && nodes.has(from) && nodes.has(to)) edges.set(`${from}\n${to}`, [from, to]);
  }
  return { nodes, edges: [...edges.values()] };
}

const CHARACTER = 6.6; // pixels, of the label's font
const HEIGHT = 36;

/** Place everything, from left to right. */
export function arrangeGraph(network: Pick<NetworkView, "layers" | "edges">, open: ReadonlySet<string>, kinds: ReadonlyMap<string, string>): Drawing {
  const { nodes, edges } = fold(network, open);
  const graph = new Graph({ compound: true });
  graph.setGraph({ rankdir: "LR", nodesep: 14, ranksep: 30, marginx: 12, marginy: 12, ranker: "longest-path" });
  graph.setDefaultEdgeLabel(() => ({}));
  const groups = new Set<string>();
  const made = new Map<string, GraphNode>();
  for (const [id, rows] of nodes) {
    const first = rows[0];
    if (!first) continue;
    const isModule = rows.length > 1 || plain(first.name) !== plain(id);
    const label = parts(id).at(-1) + (/:\d+$/.exec(id)?.[0] ?? "");
    const kind = isModule ? (kinds.get(id) ?? "") : first.kind;
    const width = Math.max(54, Math.max(label.length, kind.length * 0.85) * CHARACTER + 18);
    made.set(id, { id, label, kind, rows, isModule, x: 0, y: 0, width, height: HEIGHT });
    graph.setNode(id, { width, height: HEIGHT });
    const inside = ancestors(id).filter((module) => open.has(module));
    inside.forEach((module, i) => {
      const key = `group ${module}`;
      if (!groups.has(key)) {
        groups.add(key);
        graph.setNode(key, {});
        const outer = inside[i - 1];
        if (outer !== undefined) graph.setParent(key, `group ${outer}`);
      }
    });
    const innermost = inside.at(-1);
    if (innermost !== undefined) graph.setParent(id, `group ${innermost}`);
  }
  for (const [from, to] of edges) graph.setEdge(from, to);
  layout(graph);
  const placed = [...made.values()].map((node) => {
    const { x, y } = graph.node(node.id) as { x: number; y: number };
    return { ...node, x, y };
  });
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return {
    nodes: placed,
    edges: edges.map(([from, to]) => ({ from, to, points: (graph.edge(from, to) as { points: { x: number; y: number }[] }).points })),
    groups: [...groups].map((key) => {
      const { x, y, width: w, height: h } = graph.node(key) as GraphGroup;
      const id = key.slice(6);
      return { id, label: parts(id).at(-1) ?? id, x, y, width: w, height: h };
    }),
    width,
    height,
  };
}
