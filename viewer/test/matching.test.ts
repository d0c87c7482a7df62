import { describe, expect, it } from "vitest";
import { atLeast, enrich, search, select, withOwn, type Corpus } from "../src/kinds/matches/matching";

/** Two sequences of two units: unit 0 is high at steps 2-4 of the first and 1-2 and 5-6 of the second. */
const corpus: Corpus = {
  units: 2,
  lengths: [8, 9],
  values: [
    Uint8Array.from([...[9, 9, 200, 210, 205, 9, 9, 9], ...[5, 90, 5, 90, 5, 90, 5, 90]]),
    Uint8Array.from([...[9, 220, 201, 9, 9, 230, 204, 9, 9], ...[90, 5, 90, 5, 90, 5, 90, 5, 90]]),
  ],
};
const wish = { sequence: 0, start: 2, stop: 5, most: 5, before: true, after: true };

describe("matches in the page", () => {
  it("keeps the cells that are on through the whole range and off beside it", () => {
    const cells = select(corpus, wish);
    expect(cells.map((c) => [c.row, c.sign])).toEqual([[0, 1]]);
    expect(cells[0]?.threshold).toBe((9 + 200) / 2);
    expect(cells[0]?.share).toBeCloseTo(7 / 17);
  });

  it("takes the reader's own threshold for a cell, and says how often it is on by it", () => {
    const cells = select(corpus, wish);
    const own = withOwn(corpus, cells, new Map([[0, 203]]));
    expect(own[0]?.threshold).toBe(203);
    expect(own[0]?.share).toBeCloseTo(5 / 17);
    expect(search(corpus, own, wish).map((r) => [r.sequence, r.start, r.stop])).toEqual([
      [1, 5, 7],
      [1, 1, 2],
    ]);
    expect(withOwn(corpus, cells, new Map([[1, 203]]))).toEqual(cells);
  });

  it("knows cells that are low", () => {
    const low: Corpus = { units: 1, lengths: [6], values: [Uint8Array.from([128, 130, 20, 22, 128, 129])] };
    const cells = select(low, { ...wish, start: 2, stop: 4 });
    expect(cells.map((c) => c.sign)).toEqual([-1]);
  });

  it("finds every run, never across an end, without the range itself, nearest in length first", () => {
    const cells = select(corpus, wish);
    expect(search(corpus, cells, wish).map((r) => [r.sequence, r.start, r.stop])).toEqual([
      [1, 1, 3],
      [1, 5, 7],
    ]);
    const ends: Corpus = { units: 1, lengths: [2, 2], values: [Uint8Array.from([0, 200]), Uint8Array.from([200, 0])] };
    const on = [{ row: 0, threshold: 100, sign: 1, room: 1, share: 0.5 } as const];
    expect(search(ends, on, { ...wish, start: 0, stop: 1 }).map((r) => [r.sequence, r.start, r.stop])).toEqual([
      [0, 1, 2],
      [1, 0, 1],
    ]);
  });

  it("gives the hypergeometric chance that scipy gives", () => {
    expect(atLeast(3, 100, 10, 4)).toBeCloseTo(0.002807796033127403, 12); // scipy.stats.hypergeom.sf(2, 100, 10, 4)
    expect(atLeast(0, 100, 10, 4)).toBeCloseTo(1, 12);
    expect(atLeast(40, 5000, 400, 200) / 2.913597612207219e-8).toBeCloseTo(1, 6); // hypergeom.sf(39, 5000, 400, 200)
    const track = Uint8Array.from({ length: 100 }, (_, i) => (i < 10 ? 1 : 0));
    const runs = [0, 3, 5, 50].map((start) => ({ sequence: 0, start, stop: start + 1, share: 1 }));
    const [row] = enrich(new Map([["mine", [track]]]), runs);
    expect(row).toMatchObject({ hits: 3, lift: 7.5 });
    expect(row?.p).toBeCloseTo(atLeast(3, 100, 10, 4), 12);
  });
});
