import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { NetworkView, Overview, PhotographCard } from "../src/generated/document";
import { ancestors, arrangeGraph, fold } from "../src/kinds/network/layout";
import { inflate } from "../src/core/values";
import { cutAt, draw } from "../src/parts/heat";
import { confusions } from "../src/kinds/class/page";
import { applicable, read } from "../src/parts/form";
import { pack } from "../src/kinds/image/occlude";
import { search } from "../src/frame/find";
import "../src/kinds";

const row = (name: string, units = 4) => ({ name, kind: "Conv2d", shape: [units, 2, 2], units, receptive_field: null, parameters: 1, depth: 1 });
const network = {
  id: "n".repeat(64),
  name: "net",
  layers: ["stem", "blocks.0.a", "blocks.0.b", "blocks.1.a", "head"].map((name) => row(name)),
  edges: [
    [0, 1],
    [1, 2],
    [0, 3],
    [2, 3],
    [3, 4],
  ],
} as unknown as NetworkView;

describe("the layer graph", () => {
  it("folds modules and keeps what flows between them", () => {
    const { nodes, edges } = fold(network, new Set());
    expect([...nodes.keys()]).toEqual(["stem", "blocks", "head"]);
    expect(edges).toEqual([
      ["stem", "blocks"],
      ["blocks", "head"],
    ]);
    expect(fold(network, new Set(["blocks"])).edges).toContainEqual(["stem", "blocks.1"]);
    expect([...fold(network, new Set(["blocks", "blocks.0"])).nodes.keys()]).toEqual(["stem", "blocks.0.a", "blocks.0.b", "blocks.1", "head"]);
    expect(ancestors("a.b.c:2")).toEqual(["a", "a.b"]);
  });

  it("places what comes later further right, inside its module", () => {
    const { nodes, edges, groups } = arrangeGraph(network, new Set(["blocks"]), new Map());
    const at = new Map(nodes.map((n) => [n.id, n]));
    for (const { from, to } of edges) expect(at.get(from)?.x).toBeLessThan(at.get(to)?.x ?? 0);
    const group = groups.find((g) => g.id === "blocks");
    for (const id of ["blocks.0", "blocks.1"]) {
      expect(Math.abs((at.get(id)?.x ?? 0) - (group?.x ?? 0))).toBeLessThan((group?.width ?? 0) / 2);
      expect(Math.abs((at.get(id)?.y ?? 0) - (group?.y ?? 0))).toBeLessThan((group?.height ?? 0) / 2);
    }
  });
});

describe("heatmaps drawn anew", () => {
  // Ten pixels: nothing, then growing; the last speaks against.
  const levels = Int8Array.of(0, 10, 20, 30, 40, 50, 75, 100, 127, -127);
  const heat = { width: 5, height: 2, levels, high: 3 };

  it("are inflated with their signs", async () => {
    const data = deflateSync(Buffer.from(levels.buffer)).toString("base64");
    expect(await inflate({ dtype: "int8", shape: [2, 5], data })).toEqual(levels);
  });

  it.each([
    [1, 1],
    [0.5, 41], // the five from 50 on
    [0.2, 101], // the two at the top
    [0.1, 128], // equal ones are not divided
  ])("the strongest %d of all pixels are those from %d on", (share, level) => expect(cutAt(heat, share)).toBe(level));

  it("shows the same on its own scale and less on a larger one", () => {
    const own = draw(heat, 1, 3);
    const wide = draw(heat, 1, 6);
    expect(own[4 * 8 + 3]).toBe(255);
    expect(wide[4 * 8 + 3]).toBe(128);
    expect(own[4 * 8]).toBeGreaterThan(own[4 * 8 + 2] ?? 0); // red speaks for
    expect(own[4 * 9 + 2]).toBeGreaterThan(own[4 * 9] ?? 0); // blue against
    expect(own[3]).toBe(0);
  });
});

describe("a mask", () => {
  it("is one bit a pixel, the first in the highest", () => {
    const alpha = [255, 0, 0, 0, 0, 0, 0, 200, 0, 255].flatMap((a) => [0, 0, 0, a]);
    expect([...pack(alpha)]).toEqual([0b10000001, 0b01000000]);
  });
});

describe("searching", () => {
  const card = { id: "c", name: "cat.png", best: { label: "tabby", probability: 1 } } as unknown as PhotographCard;
  const overview = { networks: [network], photographs: [card], patterns: [], general: [], trainings: [] } as unknown as Overview;
  it("finds layers, units, labels and photographs", () => {
    expect(search("blocks.0.a", overview, [])[0]).toMatchObject({ kind: "layer", text: "blocks.0.a" });
    expect(search("blocks.0.a #3", overview, [])[0]).toMatchObject({ kind: "unit", route: { page: "neuron", layer: "blocks.0.a", unit: 3 } });
    expect(search("blocks.0.a #4", overview, []).filter((f) => f.kind === "unit")).toEqual([]); // it has units 0 to 3
    // What was surveyed is looked at with its examples.
    const surveyed = { ...overview, surveys: [{ id: "s", network: network.fingerprint, names: ["blocks.0.a"] }] } as unknown as Overview;
    expect(search("blocks.0.a", surveyed, [])[0]?.route).toEqual({ page: "survey-layer", survey: "s", layer: "blocks.0.a" });
    expect(search("blocks.0.a #3", surveyed, [])[0]?.route).toEqual({ page: "survey-unit", survey: "s", layer: "blocks.0.a", unit: 3 });
    expect(search("head", surveyed, [])[0]?.route).toMatchObject({ page: "network", find: "head" });
    expect(search("tab", overview, ["tabby", "table"]).map((f) => f.kind)).toEqual(["photograph", "class", "class"]);
    expect(search("  ", overview, ["x"])).toEqual([]);
    expect(search("(", overview, ["a (b)"])[0]?.text).toBe("a (b)");
  });
});

describe("confusions", () => {
  it("are means over the photographs where the class is among the first", () => {
    const cards = [
      { guesses: [{ label: "a", probability: 0.6 }, { label: "b", probability: 0.4 }] },
      { guesses: [{ label: "a", probability: 0.8 }, { label: "c", probability: 0.2 }] },
      { guesses: [{ label: "c", probability: 1 }] },
    ] as unknown as PhotographCard[];
    expect(confusions(cards, "a")).toEqual([
      { label: "b", value: 0.2 },
      { label: "c", value: 0.1 },
    ]);
  });
});

describe("forms", () => {
  const method = (name: string, ...types: string[]) => ({ name, family: "units", inputs: types.map((type) => ({ name: type, type, required: true })) }) as never;
  const all = [method("gradient", "images", "target"), method("imagine", "targets"), method("pca", "dataset", "layer"), method("trace", "sequence"), method("correspondence", "images", "value")];
  const names = (about: object, takes = { data: true, text: true }) => applicable(all, about, takes).map((m) => m.name);
  it("offers what can be applied", () => {
    expect(names({ image: "x" })).toEqual(["gradient"]);
    expect(names({ target: "cat" })).toEqual(["imagine"]);
    expect(names({})).toEqual(["imagine", "pca", "trace"]);
    expect(names({}, { data: false, text: false })).toEqual(["imagine"]);
  });
  it("reads a field as its option takes it", () => {
    const given = new FormData();
    given.set("n", " 3 ");
    given.set("b", "on");
    expect(read(given, "n", { type: "integer" })).toBe(3);
    expect(read(given, "n", { type: ["number", "null"] })).toBe(3);
    expect(read(given, "n", { type: "string" })).toBe("3");
    expect(read(given, "b", { type: "boolean" })).toBe(true);
    expect(read(given, "other", { type: "boolean" })).toBe(false);
    expect(read(given, "other", { type: "integer" })).toBeUndefined();
  });
});
