import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { fill, languages, learn, speech, type Language } from "../src/i18n";
import { places, tables } from "../src/i18n/tables";
import { preferred } from "../src/core/settings";

const codes = Object.keys(languages) as Language[];
const entries: [string, readonly string[]][] = places.flatMap((place) => Object.entries(place));
const texts = (code: Language) => [...Object.entries(tables[code].words), ...Object.entries(tables[code].said)];
// What is not made of words or generated: where keys are used, whole or with one part filled in.
const folder = fileURLToPath(new URL("../src/", import.meta.url));
const sources = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((file) => /\.tsx?$/.test(file) && !file.startsWith("generated"))
  .map((file) => readFileSync(folder + file, "utf8"))
  .filter((text) => !text.includes("satisfies Entries"));
const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort();

await Promise.all(codes.map(learn));

describe("words", () => {
  it("stand once, in one place", () => {
    const keys = entries.map(([key]) => key);
    expect(keys.filter((key, i) => keys.indexOf(key) !== i)).toEqual([]);
  });

  it("are used, and what is asked for is there", () => {
    const keys = entries.map(([key]) => key);
    const whole = new Set(sources.flatMap((source) => [...source.matchAll(/"([^"\n]*)"/g)].map((m) => m[1])));
    const filled = new Set(sources.flatMap((source) => source.match(/`[a-z]+\.(?:[\w.-]|\$\{[^`{}]*\})*`/g) ?? []).filter((one) => one.includes("$")));
    const patterns = [...filled].map((one) => new RegExp(`^${one.slice(1, -1).replaceAll(".", "\\.").replaceAll(/\$\{.*?\}/g, "[^.]+")}$`));
    expect(keys.filter((key) => !whole.has(key) && !patterns.some((pattern) => pattern.test(key)))).toEqual([]);
    expect(patterns.filter((pattern) => !keys.some((key) => pattern.test(key)))).toEqual([]);
  });

  it.each(codes)("%s leaves none empty", (code) => {
    expect(texts(code).filter(([, text]) => text.trim() === "")).toEqual([]);
  });

  it("fill the same places in every language", () => {
    const places = entries.map(([key, row]) => [key, ...row.map((text) => names(text).join())]);
    expect(places.filter(([, english, ...others]) => others.some((other) => other !== english))).toEqual([]);
  });

  it("Chinese is written in its own characters", () => {
    const simplified = /[网图样层览这么没热区张]/;
    const traditional = /[網圖樣層覽這麼沒熱區張]/;
    for (const [, text] of texts("zh-Hant")) expect(text).not.toMatch(simplified);
    for (const [, text] of texts("zh-Hans")) expect(text).not.toMatch(traditional);
  });

  it("nothing but names is left in English", () => {
    const allowed = /HiResCAM|CSV|Score-CAM|Eigen-CAM|WebGL|Kornblith|Shift|AUC|kHz|UMAP|CKA|t-SNE|DeconvNet|SmoothGrad|Grad-CAM|LayerCAM|Deepro|Python|±|%|\{\w+\}|[\d\s·:×,.;–]/g;
    for (const code of ["zh-Hant", "zh-Hans"] as const)
      for (const [key, text] of Object.entries(tables[code].words)) expect([key, text.replace(allowed, "")]).not.toEqual([key, expect.stringMatching(/[a-z]{3}/i)]);
  });

  it("fills text once, so that a value cannot name another", () => {
    expect(fill("{a} and {b}", { a: "{b}", b: "x" }, String)).toBe("{b} and x");
    expect(fill("{a} {c}", { a: 1 }, (n) => `#${n}`)).toBe("#1 {c}");
  });
});

describe("the reader's language", () => {
  it.each([
    [["zh-TW", "en"], "zh-Hant"],
    [["zh-HK"], "zh-Hant"],
    [["zh-Hant-SG"], "zh-Hant"],
    [["zh-CN"], "zh-Hans"],
    [["zh"], "zh-Hans"],
    [["de", "zh-TW"], "zh-Hant"],
    [["de-DE", "en-US", "zh"], "en"],
    [["fr"], "en"],
    [[], "en"],
  ])("%j is %s", (tags, code) => expect(preferred(tags)).toBe(code));
});

describe("numbers", () => {
  const { number, percent, integer } = speech("en");
  it.each([
    [0, "0"],
    [12.449, "12.4"],
    [0.02468, "0.0247"],
    [-3.14159, "-3.14"],
    [0.00001234, "1.2E-5"],
    [4_652_008_000, "4.7E9"],
  ])("%d is %s", (n, text) => expect(number(n)).toBe(text));

  it.each([
    [0.394, "39.4%"],
    [1, "100%"],
    [0.99951, "> 99.9%"],
    [0.0001, "< 0.1%"],
    [0, "0%"],
  ])("%d is %s of all", (n, text) => expect(percent(n)).toBe(text));

  it("counts with separators", () => expect(integer(4652008)).toBe("4,652,008"));
});

describe("dates", () => {
  it("are written as the language writes them, in the reader's own time", () => {
    expect(speech("zh-Hant").date("2026-01-02T03:04:05+00:00")).toMatch(/2026年1月\d+日/);
    expect(speech("en").date("2026-01-02T03:04:05+00:00")).toMatch(/Jan 2026/);
    expect(speech("en").date("not a date")).toBe("not a date");
  });
});
