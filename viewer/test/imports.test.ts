import { readFileSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../src", import.meta.url));
const files = readdirSync(root, { recursive: true, encoding: "utf8" }).map((file) => join(root, file)).filter((file) => /\.tsx?$/.test(file));

/** What a file imports of the viewer's own, types and pieces included. */
const imports = (file: string) =>
  [...readFileSync(file, "utf8").matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].flatMap(([, path = ""]) => {
    const wanted = join(dirname(file), path);
    return files.find((one) => [wanted, `${wanted}.ts`, `${wanted}.tsx`, join(wanted, "index.ts"), join(wanted, "index.tsx")].includes(one)) ?? [];
  });

it("no file imports itself by way of others", () => {
  const graph = new Map(files.map((file) => [file, imports(file)]));
  expect([...graph.values()].flat().length).toBeGreaterThan(files.length); // the imports were found
  const done = new Set<string>();
  const visit = (file: string, way: string[]): void => {
    if (way.includes(file)) throw new Error([...way.slice(way.indexOf(file)), file].map((one) => one.slice(root.length + 1)).join(" → "));
    if (done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...way, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
});

it("a piece has the name of its file: a page's that of its room", () => {
  const named = files.flatMap((file) => [...readFileSync(file, "utf8").matchAll(/later\("([^"]+)", \(\) => import\("([^"]+)"\)/g)].map(([, name, path = ""]) => ({ name, file: join(dirname(file), path) })));
  expect(named.length).toBeGreaterThan(20);
  for (const { name, file } of named) expect([file, name]).toEqual([file, basename(basename(file) === "page" ? dirname(file) : file)]);
  expect(new Set(named.map(({ name }) => name)).size).toBe(new Set(named.map(({ file }) => file)).size);
});
