import { describe, expect, it } from "vitest";
import type { LayerRow } from "../src/generated/document";
import { arrange, parseSort, size, writeSort } from "../src/kinds/network/layers";

const row = (name: string, kind: string, shape: number[], field: number | null, parameters: number): LayerRow => ({
  name,
  kind,
  shape,
  units: shape[0] ?? 0,
  receptive_field: field === null ? null : { size: [field, field], stride: [1, 1], offset: [0, 0] },
  parameters,
  depth: 1,
});

const rows = [
  row("b.10", "Conv2d", [8, 4, 4], 3, 50),
  row("b.2", "ReLU", [8, 4, 4], 3, 0),
  row("a", "Conv2d", [2, 8, 8], 11, 50),
  row("head", "Linear", [10], null, 900),
];
const names = (find: string, sort: string) => arrange(rows, find, parseSort(sort)).map((r) => r.name);

describe("the layer table", () => {
  it("is in the order in which layers run", () => expect(names("", "")).toEqual(["b.10", "b.2", "a", "head"]));
  it("can run backwards", () => expect(names("", "-order")).toEqual(["head", "a", "b.2", "b.10"]));
  it("sorts names as people count", () => expect(names("", "name")).toEqual(["a", "b.2", "b.10", "head"]));
  it("keeps equal ones as they ran", () => expect(names("", "-parameters")).toEqual(["head", "b.10", "a", "b.2"]));
  it("puts unknown receptive fields last", () => expect(names("", "field").at(-1)).toBe("head"));
  it("finds every word in name or kind", () => expect(names("b. CONV", "")).toEqual(["b.10"]));
  it("numbers rows as they run, whatever is shown", () =>
    expect(arrange(rows, "linear", parseSort("")).map((r) => r.order)).toEqual([4]));
  it("does not change what it was given", () => {
    const before = JSON.stringify(rows);
    arrange(rows, "", parseSort("-shape"));
    expect(JSON.stringify(rows)).toBe(before);
  });
});

describe("sort in the address", () => {
  it.each(["name", "-name", "-parameters", "-order"])("%s comes back", (text) => expect(writeSort(parseSort(text))).toBe(text));
  it.each([undefined, "", "nonsense", "-nonsense"])("%s is the order", (text) => expect(writeSort(parseSort(text))).toBeUndefined());
});

describe("sizes", () => {
  it("are sides", () => expect(size([3, 5])).toBe("3 × 5"));
  it("can be short for a square", () => expect([size([7, 7], true), size([7, 5], true)]).toEqual(["7", "7 × 5"]));
});
