import { describe, expect, it } from "vitest";
import { CLASSES, NO_CLASS } from "../src/generated/tables";
import { classColours, paint, shade, share, UNKNOWN, type Shade } from "../src/parts/colours";
import { inside, Near, towards } from "../src/kinds/map/near";
import { classMiddles } from "../src/kinds/map/points";
import { shareInside } from "../src/kinds/map/selection";
import { exampleMeans, unitMeans } from "../src/kinds/map/units";
import { boxOf, fitted, panned, toMap, toPixel, zoomed } from "../src/kinds/map/view";

// A generator of our own, so that a failure can be looked at again.
function numbers(seed: number) {
  return () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 4294967296;
  };
}

function cloud(count: number, seed = 1, most = 65536): Uint16Array {
  const next = numbers(seed);
  return Uint16Array.from({ length: 2 * count }, () => Math.floor(next() * most));
}

const packed = (values: Uint16Array) => ({ dtype: "uint16" as const, shape: [values.length], data: Buffer.from(values.buffer).toString("base64") });

describe("the point under the pointer", () => {
  it.each([1, 2, 50, 3000])("of %i points is the nearest one, as by looking at all", (count) => {
    const points = cloud(count, count);
    const near = new Near(points);
    const next = numbers(7);
    for (let trial = 0; trial < 200; trial++) {
      const [x, y, radius] = [next() * 65535, next() * 65535, next() * 9000];
      let best = Infinity;
      for (let i = 0; i < count; i++) best = Math.min(best, Math.hypot(points[2 * i]! - x, points[2 * i + 1]! - y));
      const found = near.at(x, y, radius);
      if (best > radius) expect(found).toBe(-1);
      else expect(Math.hypot(points[2 * found]! - x, points[2 * found + 1]! - y)).toBeCloseTo(best, 6);
    }
  });

  it("is found at the very rim, and where all lie on one spot", () => {
    expect(new Near(Uint16Array.of(65535, 65535, 0, 0)).at(65535, 65535, 1)).toBe(0);
    expect(new Near(new Uint16Array(2000)).at(0, 0, 5)).toBeGreaterThanOrEqual(0);
  });
});

describe("a lasso", () => {
  // Another way to the same: the angles to the corners add up to a full turn around an inner point (no crossings here).
  function around(x: number, y: number, line: number[]): boolean {
    let turn = 0;
    for (let i = 0; i < line.length; i += 2) {
      const j = (i + 2) % line.length;
      const [a, b] = [Math.atan2(line[i + 1]! - y, line[i]! - x), Math.atan2(line[j + 1]! - y, line[j]! - x)];
      let d = b - a;
      if (d > Math.PI) d -= 2 * Math.PI;
      if (d < -Math.PI) d += 2 * Math.PI;
      turn += d;
    }
    return Math.abs(turn) > Math.PI;
  }

  it("takes exactly the points inside", () => {
    const points = cloud(4000, 3);
    const next = numbers(11);
    for (let trial = 0; trial < 5; trial++) {
      const line: number[] = [];
      for (let k = 0; k < 40; k++) {
        const r = 8000 + 20000 * next();
        line.push(32768 + r * Math.cos((k / 40) * 2 * Math.PI), 32768 + r * Math.sin((k / 40) * 2 * Math.PI));
      }
      const wanted = [];
      for (let i = 0; i < 4000; i++) if (around(points[2 * i]!, points[2 * i + 1]!, line)) wanted.push(i);
      expect(wanted.length).toBeGreaterThan(200);
      expect(Array.from(inside(points, line))).toEqual(wanted);
    }
  });

  it("of fewer than three corners takes nothing", () => expect(inside(cloud(10), [0, 0, 65535, 65535])).toHaveLength(0));
});

describe("arrow keys", () => {
  it("go to a point that lies that way, and stay where there is none", () => {
    const points = Uint16Array.of(100, 100, 200, 110, 100, 300, 90, 100);
    expect(towards(points, 0, "right")).toBe(1);
    expect(towards(points, 0, "up")).toBe(2);
    expect(towards(points, 0, "left")).toBe(3);
    expect(towards(points, 0, "down")).toBe(0);
  });
});

describe("the camera", () => {
  const size = { width: 800, height: 460 };
  it("goes from the map to pixels and back", () => {
    const camera = { x: 0.3, y: 0.8, zoom: 3.7 };
    const [px, py] = toPixel(camera, size, 12345, 54321);
    const [x, y] = toMap(camera, size, px, py);
    expect([x, y]).toEqual([expect.closeTo(12345, 4), expect.closeTo(54321, 4)]);
  });

  it("keeps the place under the pointer while it comes nearer, and follows a hand", () => {
    const camera = { x: 0.5, y: 0.5, zoom: 1 };
    const held = toMap(camera, size, 120, 77);
    const after = toMap(zoomed(camera, size, 2.5, 120, 77), size, 120, 77);
    expect(after[0]).toBeCloseTo(held[0], 4);
    expect(after[1]).toBeCloseTo(held[1], 4);
    const [x, y] = toPixel(panned(camera, size, 40, -15), size, 30000, 30000);
    const [a, b] = toPixel(camera, size, 30000, 30000);
    expect([x - a, y - b]).toEqual([expect.closeTo(40, 6), expect.closeTo(-15, 6)]);
  });

  it("shows a whole box", () => {
    const points = Uint16Array.of(0, 30000, 65535, 40000);
    const camera = fitted(boxOf([points]), size);
    for (const [x, y] of [toPixel(camera, size, 0, 30000), toPixel(camera, size, 65535, 40000)]) {
      expect(x).toBeGreaterThan(0);
      expect(x).toBeLessThan(size.width);
      expect(y).toBeGreaterThan(0);
      expect(y).toBeLessThan(size.height);
    }
    expect(camera.zoom).toBeGreaterThan(1.5);
  });
});

describe("colours", () => {
  const classes = (names: string[], of: number[]): Shade => shade({ name: "label", kind: "classes", values: packed(Uint16Array.from(of)), names, low: 0, high: 1 });

  it("tell ten classes apart, in their own order, whatever their number", () => {
    const s = classes([..."0123456789"], [9, 9, 9, 1]);
    expect(new Set(classColours(s)).size).toBe(10);
    expect(classColours(s)[0]).toBe(CLASSES[0]);
  });

  it("give the commonest of many classes a colour and leave the rest grey", () => {
    const s = classes(Array.from({ length: 30 }, (_, i) => `c${i}`), [29, 29, 29, 5, 5, 0]);
    expect(classColours(s)[29]).toBe(CLASSES[0]);
    expect(classColours(s)[5]).toBe(CLASSES[1]);
    expect(classColours(s).filter((c) => c === NO_CLASS)).toHaveLength(22);
  });

  it("fade what is not chosen, and what is unknown a little", () => {
    const s = classes(["a", "b"], [0, 1, UNKNOWN]);
    const all = paint(s, 3, false, null);
    expect(all[3]).toBe(all[7]);
    expect(all[11]).toBeLessThan(all[3]!);
    expect(paint(s, 3, false, Uint8Array.of(1, 0, 0))[7]).toBeLessThan(60);
  });

  it("of numbers run from low to high and know the unknown", () => {
    const s = shade({ name: "x", kind: "number", values: packed(Uint16Array.of(0, 65534, UNKNOWN)), names: [], low: -1, high: 3 });
    expect(Array.from(s.of)).toEqual([0, 255, -1]);
  });
});

describe("names on the map", () => {
  it("stand in the middle of a class that is together, and nowhere for one that is scattered", () => {
    const points = cloud(400, 5);
    const of = new Uint16Array(400);
    for (let i = 0; i < 400; i++) {
      if (i % 4) {
        of[i] = 1;
        continue;
      }
      points[2 * i] = 1000 + (i % 97);
      points[2 * i + 1] = 60000 + (i % 89);
    }
    const s = shade({ name: "label", kind: "classes", values: packed(of), names: ["together", "scattered"], low: 0, high: 1 });
    const found = classMiddles(s, points);
    expect(found.map((n) => n.text)).toEqual(["together"]);
    expect(found[0]!.x).toBeGreaterThan(999);
    expect(found[0]!.x).toBeLessThan(1100);
  });
});

describe("what was picked out", () => {
  it("counts true neighbours inside, beside what chance gives", () => {
    const near = Uint32Array.of(1, 2, 0, 2, 0, 1, 1, 0);
    expect(shareInside(near, Uint32Array.of(0, 1, 2), 4)).toEqual({ share: 1, expected: 2 / 3 });
    expect(shareInside(near, Uint32Array.of(3), 4).share).toBe(0);
  });

  it("colours units by their mean answer, and examples by units", () => {
    const answers = Uint8Array.of(0, 0, 255, 255, 100, 100, 100, 100); // two units, four examples
    expect(Array.from(unitMeans(answers, 4, Uint32Array.of(2, 3)))).toEqual([255, 0]);
    expect(Array.from(exampleMeans(answers, 4, Uint32Array.of(0)))).toEqual([0, 0, 255, 255]);
    expect(share("x", Uint8Array.of(0, 255)).of[1]).toBe(255);
  });
});
