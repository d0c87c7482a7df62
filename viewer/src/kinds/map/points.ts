// What is known of the points of a map, column by column, decoded once.
import type { MapPage } from "../../generated/document";
import { shade, type Shade } from "../../parts/colours";

type Maybe = (key: string, otherwise: string) => string;
type Write = (n: number) => string;

export class Points {
  readonly shades: Shade[];
  readonly label: Shade | undefined;
  readonly prediction: Shade | undefined;
  readonly outcome: Shade | undefined;
  readonly confidence: Shade | undefined;

  constructor(readonly page: MapPage) {
    this.shades = page.columns.map(shade);
    const find = (name: string) => this.shades.find((s) => s.name === name);
    this.label = find("label");
    this.prediction = find("prediction");
    this.confidence = find("confidence");
    this.outcome = this.shades.find((s) => s.kind === "outcome");
  }

  /** One column's value of one point, in words. */
  value(s: Shade, i: number, maybe: Maybe, number: Write, percent: Write): string {
    const v = s.of[i]!;
    if (v < 0) return "–";
    if (s.kind === "number") {
      const n = s.low + (v / 255) * (s.high - s.low);
      return s.low === 0 && s.high === 1 ? percent(Math.round(n * 100) / 100) : number(n);
    }
    const name = s.names[v] ?? "–";
    return s.kind === "outcome" || s.name === "placed" ? maybe(`map.value.${name}`, name) : name;
  }

  /** One point in one line. */
  describe(i: number, maybe: Maybe, percent: Write): string {
    const parts = [this.page.ids[i] ?? String(i)];
    for (const s of [this.label, this.prediction, this.outcome]) {
      if (s && s.of[i]! >= 0) parts.push(`${maybe(`map.column.${s.name}`, s.name)} ${this.value(s, i, maybe, String, percent)}`);
    }
    return parts.join(" · ");
  }
}

const TOGETHER = 0.5; // of the whole map's spread: a class spread wider has no place of its own, and no name there

/** Where the points of each class lie: the middle one across and up, so that a stray point does not pull a name away. */
export function classMiddles(s: Shade, positions: Uint16Array, most = 24): { text: string; x: number; y: number }[] {
  if (s.kind === "number" || s.names.length > most) return [];
  const held = [...s.names, ""].map(() => ({ xs: [] as number[], ys: [] as number[] }));
  const all = held.at(-1)!;
  const stride = Math.max(1, Math.floor(s.of.length / 20_000));
  for (let i = 0; i < s.of.length; i += stride) {
    for (const at of [held[s.of[i]!], all]) {
      at?.xs.push(positions[2 * i]!);
      at?.ys.push(positions[2 * i + 1]!);
    }
  }
  const middle = (v: number[]) => v.toSorted((a, b) => a - b)[v.length >> 1]!;
  const around = (v: number[], m: number) => middle(v.map((a) => Math.abs(a - m)));
  const spread = ({ xs, ys }: typeof all) => around(xs, middle(xs)) + around(ys, middle(ys));
  const whole = spread(all);
  return s.order.flatMap((c) => named(held[c]!, c));

  function named(at: typeof all, c: number) {
    const own = at.xs.length > 0 && spread(at) < TOGETHER * whole;
    return own ? [{ text: (s.names[c] ?? "").slice(0, 18), x: middle(at.xs), y: middle(at.ys) }] : [];
  }
}
