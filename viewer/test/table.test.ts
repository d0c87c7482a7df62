import { describe, expect, it } from "vitest";
import { arrangeRows } from "../src/parts/table";

describe("a table in order", () => {
  const rows = [["b", 2], ["a", null], ["c", 10], ["d", -1]];
  const names = (by: number, down: boolean) => arrangeRows(rows, { by, down }).map(([name]) => name);

  it("is as it was without one", () => expect(arrangeRows(rows, null)).toBe(rows));
  it("goes by numbers, with what is unknown last either way", () => expect([names(1, false), names(1, true)]).toEqual([["d", "b", "c", "a"], ["c", "b", "d", "a"]]));
  it("goes by names", () => expect(names(0, true)).toEqual(["d", "c", "b", "a"]));
});
