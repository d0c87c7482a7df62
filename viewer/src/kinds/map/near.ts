// Which point is under the pointer, which points are inside a line drawn around them. Exact, without a library.

/** Points (N, 2) sorted into the cells of a grid, about two a cell: built in one pass, asked in no time. */
export class Near {
  private readonly cells: number;
  private readonly starts: Uint32Array;
  private readonly order: Uint32Array;

  constructor(private readonly positions: Uint16Array) {
    const count = positions.length / 2;
    this.cells = Math.min(1024, Math.max(1, Math.floor(Math.sqrt(count / 2))));
    this.starts = new Uint32Array(this.cells * this.cells + 1);
    this.order = new Uint32Array(count);
    const place = new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      const c = this.cell(positions[2 * i + 1]!) * this.cells + this.cell(positions[2 * i]!);
      place[i] = c;
      this.starts[c + 1]!++;
    }
    for (let c = 0; c < this.cells * this.cells; c++) this.starts[c + 1]! += this.starts[c]!;
    const next = this.starts.slice();
    for (let i = 0; i < count; i++) this.order[next[place[i]!]!++] = i;
  }

  private cell(v: number): number {
    return Math.min(this.cells - 1, Math.max(0, Math.floor((v / 65536) * this.cells)));
  }

  /** The nearest point within `radius` of (x, y), all in 0..65535; -1 for none. */
  at(x: number, y: number, radius: number): number {
    let best = -1;
    let least = radius * radius;
    const [left, right, low, high] = [this.cell(x - radius), this.cell(x + radius), this.cell(y - radius), this.cell(y + radius)];
    for (let row = low; row <= high; row++) {
      const end = this.starts[row * this.cells + right + 1]!;
      for (let k = this.starts[row * this.cells + left]!; k < end; k++) {
        const i = this.order[k]!;
        const dx = this.positions[2 * i]! - x;
        const dy = this.positions[2 * i + 1]! - y;
        const d = dx * dx + dy * dy;
        if (d < least || (d === least && best < 0)) {
          least = d;
          best = i;
        }
      }
    }
    return best;
  }
}

export type Direction = "left" | "right" | "up" | "down";

/** The point to step to from point `from`: near, and rather ahead than aside. Itself where nothing lies that way. */
export function towards(positions: Uint16Array, from: number, way: Direction): number {
  const [x, y] = [positions[2 * from]!, positions[2 * from + 1]!];
  const across = way === "left" || way === "right";
  const sign = way === "right" || way === "up" ? 1 : -1;
  let best = from;
  let least = Infinity;
  for (let i = 0; i < positions.length / 2; i++) {
    const dx = positions[2 * i]! - x;
    const dy = positions[2 * i + 1]! - y;
    const ahead = sign * (across ? dx : dy);
    if (ahead <= 0) continue;
    const aside = across ? dy : dx;
    const cost = ahead * ahead + 4 * aside * aside;
    if (cost < least) {
      least = cost;
      best = i;
    }
  }
  return best;
}

const ROWS = 512;

/** Points inside a closed line of corners x0, y0, x1, y1 ... in 0..65535, by the even-odd rule. */
export function inside(positions: Uint16Array, line: readonly number[]): Uint32Array {
  const corners = line.length / 2;
  if (corners < 3) return new Uint32Array(0);
  let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < corners; i++) {
    left = Math.min(left, line[2 * i]!);
    right = Math.max(right, line[2 * i]!);
    low = Math.min(low, line[2 * i + 1]!);
    high = Math.max(high, line[2 * i + 1]!);
  }
  // Edges by the rows they reach: a point asks only those of its own row.
  const rows: number[][] = Array.from({ length: ROWS }, () => []);
  const row = (y: number) => Math.min(ROWS - 1, Math.max(0, Math.floor(((y - low) / (high - low || 1)) * ROWS)));
  for (let i = 0; i < corners; i++) {
    const j = (i + 1) % corners;
    const [a, b] = [line[2 * i + 1]!, line[2 * j + 1]!];
    for (let r = row(Math.min(a, b)); r <= row(Math.max(a, b)); r++) rows[r]!.push(i);
  }
  const found = new Uint32Array(positions.length / 2);
  let count = 0;
  for (let p = 0; p < positions.length / 2; p++) {
    const x = positions[2 * p]!;
    const y = positions[2 * p + 1]!;
    if (x < left || x > right || y < low || y > high) continue;
    let odd = false;
    for (const i of rows[row(y)]!) {
      const j = (i + 1) % corners;
      const ay = line[2 * i + 1]!;
      const by = line[2 * j + 1]!;
      if (ay > y !== by > y) {
        const ax = line[2 * i]!;
        if (x < ax + ((y - ay) / (by - ay)) * (line[2 * j]! - ax)) odd = !odd;
      }
    }
    if (odd) found[count++] = p;
  }
  return found.slice(0, count);
}
