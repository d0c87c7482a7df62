// A table that is put in order by any column.
import { useMemo, useState } from "react";
import { useSpeech } from "../i18n";

type Cell = string | number | null;
type Order = { by: number; down: boolean };
const MOST = 200; // rows at once

/** Rows in order of one column; what has no value stands last. */
export function arrangeRows(rows: readonly Cell[][], order: Order | null): readonly Cell[][] {
  if (!order) return rows;
  const { by, down } = order;
  const names = new Intl.Collator("en", { numeric: true });
  const compare = (a: Cell, b: Cell) => (typeof a === "number" && typeof b === "number" ? a - b : names.compare(String(a), String(b)));
  return [...rows].sort((one, other) => {
    const [a, b] = [one[by] ?? null, other[by] ?? null];
    return a === null || b === null ? Number(a === null) - Number(b === null) : down ? compare(b, a) : compare(a, b);
  });
}

export function Table({ title, columns, rows }: { title: string; columns: readonly string[]; rows: readonly Cell[][] }) {
  const { t, number, integer } = useSpeech();
  const [order, setOrder] = useState<Order | null>(null);
  const [most, setMost] = useState(MOST);
  const sorted = useMemo(() => arrangeRows(rows, order), [rows, order]);
  const told = (cell: Cell) => (cell === null ? "–" : typeof cell === "string" ? cell : Number.isInteger(cell) ? integer(cell) : number(cell));
  // Up, down, and as it was.
  const turn = (by: number) => setOrder(order?.by !== by ? { by, down: false } : order.down ? null : { by, down: true });
  return (
    <>
      <div className="scroll" role="region" tabIndex={0} aria-label={title}>
        <table className="numbers">
          <thead>
            <tr>
              {columns.map((name, i) => (
                <th key={i} scope="col" aria-sort={order?.by !== i ? "none" : order.down ? "descending" : "ascending"}>
                  <button type="button" className="bare sort" onClick={() => turn(i)}>
                    {name}
                    {order?.by === i && (order.down ? " ↓" : " ↑")}
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {sorted.slice(0, most).map((row, i) => (
              <tr key={i}>{row.map((cell, k) => (k === 0 ? <th key={k} scope="row">{told(cell)}</th> : <td key={k}>{told(cell)}</td>))}</tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows.length > most && (
        <button type="button" onClick={() => setMost(most + MOST)}>
          {t("more.n", { n: rows.length - most })}
        </button>
      )}
    </>
  );
}
