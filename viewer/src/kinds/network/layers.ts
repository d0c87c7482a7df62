// Finding and ordering rows of the layer table.
import type { LayerRow } from "../../generated/document";

export const COLUMNS = ["order", "name", "kind", "shape", "field", "stride", "parameters"] as const;
export type Column = (typeof COLUMNS)[number];
export type Sort = { column: Column; down: boolean };
export type Row = LayerRow & { order: number };

/** "parameters", "-parameters" (largest first); anything else is the order in which the layers run. */
export function parseSort(text: string | undefined): Sort {
  const down = text?.startsWith("-") ?? false;
  const name = down ? text?.slice(1) : text;
  const column = COLUMNS.find((c) => c === name);
  return column ? { column, down } : { column: "order", down: false };
}

export const writeSort = ({ column, down }: Sort): string | undefined =>
  column === "order" && !down ? undefined : `${down ? "-" : ""}${column}`;

const product = (numbers: number[]) => numbers.reduce((a, b) => a * b, 1);
const natural = new Intl.Collator("en", { numeric: true });

const measure: { [C in Column]: (row: Row) => number | string } = {
  order: (row) => row.order,
  name: (row) => row.name,
  kind: (row) => row.kind,
  shape: (row) => product(row.shape),
  field: (row) => (row.receptive_field ? product(row.receptive_field.size) : Infinity),
  stride: (row) => (row.receptive_field ? product(row.receptive_field.stride) : Infinity),
  parameters: (row) => row.parameters,
};

/** Rows whose name or kind holds every word of `find`, in the order of `sort`; equal ones stay as they ran. */
export function arrange(rows: LayerRow[], find: string, sort: Sort): Row[] {
  const words = find.toLowerCase().split(/\s+/).filter(Boolean);
  const found = rows
    .map((row, order) => ({ ...row, order: order + 1 }))
    .filter((row) => words.every((w) => `${row.name} ${row.kind}`.toLowerCase().includes(w)));
  const value = measure[sort.column];
  return found.sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    const way = typeof x === "string" ? natural.compare(x, String(y)) : x === y ? 0 : x < Number(y) ? -1 : 1;
    return (sort.down ? -way : way) || a.order - b.order;
  });
}

/** 3 × 5; `short` says a square by one side. */
export const size = (numbers: number[], short = false): string =>
  (short && new Set(numbers).size === 1 ? numbers.slice(0, 1) : numbers).join(" × ");
