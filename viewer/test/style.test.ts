// The style sheets: each class has one home and a use, and sizes come from the tokens.
import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const SRC = fileURLToPath(new URL("../src", import.meta.url));
const read = (kind: RegExp) =>
  readdirSync(SRC, { recursive: true, encoding: "utf8" })
    .filter((file) => kind.test(file))
    .map((file) => ({ file, text: readFileSync(`${SRC}/${file}`, "utf8") }));
const sheets = read(/\.css$/).map(({ file, text }) => ({ file, text: text.replace(/\/\*.*?\*\//gs, "").replace(/@import[^;]*;/g, "") }));
const source = read(/\.tsx?$/).map(({ text }) => text).join("\n");

/** Each class with the sheets that have a rule for it. */
const homes = new Map<string, Set<string>>();
for (const { file, text } of sheets)
  for (const [, selector = ""] of text.matchAll(/([^{};]*)\{/g))
    for (const [, name = ""] of selector.matchAll(/\.([a-z][\w-]*)/gi)) homes.set(name, (homes.get(name) ?? new Set()).add(file));

describe("style sheets", () => {
  test("no class is styled in two of them", () => {
    expect([...homes].filter(([, files]) => files.size > 1).map(([name, files]) => `${name}: ${[...files].join(", ")}`)).toEqual([]);
  });

  test("every class is used", () => {
    // A name that ends in a number is put together in the source: `input-${n}`.
    const used = (name: string) => new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(source) || source.includes(name.replace(/\d+$/, "${"));
    expect([...homes.keys()].filter((name) => !used(name))).toEqual([]);
  });

  test("every sheet is imported", () => {
    const imported = source + readFileSync(`${SRC}/style.css`, "utf8");
    expect(sheets.map(({ file }) => basename(file)).filter((name) => !imported.includes(`/${name}"`))).toEqual([]);
  });

  test("sizes of letters are the tokens', and nothing spells out a scale of data", () => {
    const others = sheets.filter(({ file }) => !["style/tokens.css", "generated/colours.css"].includes(file));
    const sizes = others.flatMap(({ file, text }) => [...text.matchAll(/font(?:-size)?: [^;]*/g)].map(([found]) => `${file} ${found}`));
    expect(sizes.filter((found) => /\d(px|rem)/.test(found.replace(/\/ \d+px/, "")))).toEqual([]);
    expect(others.filter(({ text }) => /(?<!repeating-)linear-gradient/.test(text)).map(({ file }) => file)).toEqual([]);
  });
});
