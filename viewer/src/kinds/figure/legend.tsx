// The scale of a colour: its ends in numbers.
import { gradient } from "../../parts/sequence/colours";

export function Legend({ colours, from, low, high }: { colours: Uint32Array; from: number; low: string; high: string }) {
  return (
    <span className="legend">
      <span>{low}</span>
      <span className="scale" style={{ background: gradient(colours, from) }} />
      <span>{high}</span>
    </span>
  );
}
