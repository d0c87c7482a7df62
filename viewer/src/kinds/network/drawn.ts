// A drawing of boxes, arrows and words as a file: SVG, PDF, or the PNG that a canvas makes of the SVG. On white paper.
import type { Drawing, GraphNode } from "./layout";

type Shape =
  | { kind: "box"; x: number; y: number; width: number; height: number; fill: Rgb; stroke: Rgb }
  | { kind: "line"; points: { x: number; y: number }[] }
  | { kind: "words"; x: number; y: number; size: number; text: string; middle: boolean };
type Rgb = readonly [number, number, number];
export type Sheet = { width: number; height: number; shapes: Shape[] };

const WHITE: Rgb = [255, 255, 255];
const FULL: Rgb = [10, 102, 94];
const GREY: Rgb = [110, 116, 122];
const PALE: Rgb = [243, 241, 237];
const MARGIN = 16;
const MOST = 12_000; // pixels a side of a PNG: what browsers draw
const FONT = "'DejaVu Sans Mono', Menlo, Consolas, monospace";

/** part: how full a node's colour is, 0 to 1. title: the words above. */
export function sheetOf(drawing: Drawing, part: (node: GraphNode) => number, title: string): Sheet {
  const shapes: Shape[] = [{ kind: "words", x: MARGIN, y: MARGIN + 4, size: 11, text: title, middle: false }];
  const [left, top] = [MARGIN, MARGIN + 18];
  const box = (b: { x: number; y: number; width: number; height: number }, fill: Rgb, stroke: Rgb): Shape => ({
    kind: "box",
    x: left + b.x - b.width / 2,
    y: top + b.y - b.height / 2,
    width: b.width,
    height: b.height,
    fill,
    stroke,
  });
  for (const g of drawing.groups) {
    shapes.push(box(g, PALE, [220, 217, 210]));
    shapes.push({ kind: "words", x: left + g.x - g.width / 2 + 8, y: top + g.y - g.height / 2 + 13, size: 10, text: g.label, middle: false });
  }
  for (const e of drawing.edges) shapes.push({ kind: "line", points: e.points.map((p) => ({ x: left + p.x, y: top + p.y })) });
  for (const n of drawing.nodes) {
    const share = 0.7 * part(n);
    shapes.push(box(n, WHITE.map((v, i) => Math.round(v + ((FULL[i] ?? 0) - v) * share)) as unknown as Rgb, GREY));
    const y = top + n.y - n.height / 2;
    shapes.push({ kind: "words", x: left + n.x, y: y + 15, size: 10, text: n.isModule ? `+ ${n.label}` : n.label, middle: true });
    if (n.kind) shapes.push({ kind: "words", x: left + n.x, y: y + 28, size: 8, text: n.kind, middle: true });
  }
  return { width: Math.max(drawing.width + 2 * MARGIN, 7 * title.length), height: drawing.height + 2 * MARGIN + 18, shapes };
}

const escaped = (text: string) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
const hex = (c: Rgb) => `#${c.map((v) => v.toString(16).padStart(2, "0")).join("")}`;

export function toSvg({ width, height, shapes }: Sheet): string {
  const parts = shapes.map((s) => {
    if (s.kind === "box") return `<rect x="${s.x}" y="${s.y}" width="${s.width}" height="${s.height}" rx="3" fill="${hex(s.fill)}" stroke="${hex(s.stroke)}"/>`;
    if (s.kind === "line") return `<path d="${s.points.map((p, i) => `${i ? "L" : "M"}${p.x.toFixed(1)} ${p.y.toFixed(1)}`).join("")}" fill="none" stroke="${hex(GREY)}" marker-end="url(#tip)"/>`;
    return `<text x="${s.x}" y="${s.y}" font-size="${s.size}"${s.middle ? ' text-anchor="middle"' : ""}>${escaped(s.text)}</text>`;
  });
  const tip = `<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto"><path d="M0 0 8 4 0 8z" fill="${hex(GREY)}"/></marker>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONT}"><defs>${tip}</defs><rect width="${width}" height="${height}" fill="#fff"/>${parts.join("")}</svg>`;
}

/** One page, in Courier, which every reader of PDF has and whose letters are all 0.6 of their size wide. */
export function toPdf({ width, height, shapes }: Sheet): string {
  const n = (v: number) => v.toFixed(2);
  const ink = (c: Rgb, what: "rg" | "RG") => `${c.map((v) => n(v / 255)).join(" ")} ${what}`;
  const body = shapes.map((s) => {
    if (s.kind === "box") return `${ink(s.fill, "rg")} ${ink(s.stroke, "RG")} ${n(s.x)} ${n(height - s.y - s.height)} ${n(s.width)} ${n(s.height)} re B`;
    if (s.kind === "line") {
      const [b, a] = [s.points.at(-1), s.points.at(-2)];
      const path = `${ink(GREY, "RG")} ${s.points.map((p, i) => `${n(p.x)} ${n(height - p.y)} ${i ? "l" : "m"}`).join(" ")} S`;
      if (!a || !b) return path;
      const turn = Math.atan2(b.y - a.y, b.x - a.x);
      const wing = (angle: number) => `${n(b.x - 6 * Math.cos(turn + angle))} ${n(height - b.y + 6 * Math.sin(turn + angle))} l`;
      return `${path} ${ink(GREY, "rg")} ${n(b.x)} ${n(height - b.y)} m ${wing(0.5)} ${wing(-0.5)} f`;
    }
    // The standard fonts know Latin letters alone.
    const text = s.text.replace(/[^\x20-\x7e]/g, "?").replace(/[\\()]/g, "\\$&");
    const x = s.middle ? s.x - 0.3 * s.size * s.text.length : s.x;
    return `0 g BT /F ${s.size} Tf ${n(x)} ${n(height - s.y)} Td (${text}) Tj ET`;
  });
  const stream = `0.8 w\n${body.join("\n")}\n`;
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${n(width)} ${n(height)}] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>`,
    `<< /Length ${stream.length} >>\nstream\n${stream}endstream`,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>",
  ];
  let file = "%PDF-1.4\n";
  const places = objects.map((object, i) => {
    const at = file.length;
    file += `${i + 1} 0 obj\n${object}\nendobj\n`;
    return at;
  });
  const start = file.length;
  const table = places.map((at) => `${String(at).padStart(10, "0")} 00000 n \n`).join("");
  return `${file}xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`;
}

export async function toPng(sheet: Sheet): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml,${encodeURIComponent(toSvg(sheet))}`;
  await image.decode();
  const scale = Math.min(3, MOST / Math.max(sheet.width, sheet.height));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.round(sheet.width * scale), Math.round(sheet.height * scale)];
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/png"));
}
