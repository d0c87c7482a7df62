// Everything in rows on a page as one CSV file: tables, lists of terms, bars, and the units of a layer, as they are written there.

const quoted = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const said = (element: Element) => (element.textContent ?? "").replace(/\s+/g, " ").trim();

const ROWS: readonly (readonly [block: string, row: string, cell: string])[] = [
  ["table", "tr", "th, td"],
  ["dl", ":scope > div", "dt, dd"],
  ["ol.bars", "li", ".bar-label, .bar-value"],
  [".unit-grid", ".unit-text", ":scope > *"],
];

/** The rows on the page, an empty line between two blocks; "" where there are none. Long tables are drawn whole, as for print. */
export function tables(main: Element = document.querySelector("main") ?? document.body): string {
  window.dispatchEvent(new Event("beforeprint"));
  try {
    const blocks = [...main.querySelectorAll(ROWS.map(([block]) => block).join())].flatMap((element) => {
      const [, row, cell] = ROWS.find(([block]) => element.matches(block)) ?? ["", "", ""];
      const lines = [...element.querySelectorAll(row)].map((one) => [...one.querySelectorAll(cell)].map(said).map(quoted).join(","));
      return lines.length > 0 ? [lines.join("\r\n")] : [];
    });
    return blocks.join("\r\n\r\n");
  } finally {
    window.dispatchEvent(new Event("afterprint"));
  }
}
