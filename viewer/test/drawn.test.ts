import { describe, expect, it } from "vitest";
import { sheetOf, toPdf, toSvg } from "../src/kinds/network/drawn";
import type { Drawing } from "../src/kinds/network/layout";

const node = (id: string, x: number) => ({ id, label: id, kind: "Conv2d", rows: [], isModule: false, x, y: 30, width: 60, height: 36 });
const drawing: Drawing = {
  nodes: [node("a(1)", 40), node("<b>&", 160)],
  edges: [{ from: "a(1)", to: "<b>&", points: [{ x: 70, y: 30 }, { x: 130, y: 30 }] }],
  groups: [],
  width: 200,
  height: 60,
};
const sheet = sheetOf(drawing, (n) => (n.x > 100 ? 1 : 0), "tiny");

describe("a drawing as a file", () => {
  it("is SVG with its names as text, coloured by the share", () => {
    const svg = toSvg(sheet);
    expect(svg).toContain("&#60;b&#62;&#38;");
    expect(svg).not.toContain("<b>");
    expect([...svg.matchAll(/<rect [^>]*fill="(#\w{6})" stroke/g)].map((m) => m[1])).toEqual(["#ffffff", "#54948e"]);
  });

  it("is a PDF whose table says where its objects stand", () => {
    const pdf = toPdf(sheet);
    const start = Number(/startxref\n(\d+)/.exec(pdf)?.[1]);
    expect(pdf.slice(start, start + 4)).toBe("xref");
    const places = [...pdf.slice(start).matchAll(/^(\d{10}) 00000 n/gm)].map((m) => Number(m[1]));
    expect(places).toHaveLength(5);
    places.forEach((at, i) => expect(pdf.slice(at)).toMatch(new RegExp(`^${i + 1} 0 obj`)));
    const stream = /<< \/Length (\d+) >>\nstream\n([^]*?)endstream/.exec(pdf);
    expect(stream?.[2]?.length).toBe(Number(stream?.[1]));
    expect(pdf).toContain("(a\\(1\\)) Tj");
  });
});
