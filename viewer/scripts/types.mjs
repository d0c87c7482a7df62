// Writes src/generated/document.ts from the JSON schema on standard input, which `python -m deepro.report.schema` prints,
// and src/generated/page-words.ts, the type of all words, from the files words.ts beside the pages.
import { readdir, writeFile } from "node:fs/promises";
import { json } from "node:stream/consumers";
import { compile } from "json-schema-to-typescript";

const types = await compile(await json(process.stdin), "Viewer", {
  bannerComment: "// Made by `make types` from Deepro's models of the viewer's data. It is not kept in git.",
  additionalProperties: false,
  style: { printWidth: 120 },
});
const source = new URL("../src/", import.meta.url);
await writeFile(new URL("generated/document.ts", source), types);

const places = (await readdir(source, { recursive: true })).map((file) => file.replaceAll("\\", "/")).filter((file) => /[^/]\/words\.ts$/.test(file) && !file.startsWith("generated"));
const each = places.sort().map((file) => `\n  | typeof import("../${file.slice(0, -3)}").words`);
await writeFile(new URL("generated/page-words.ts", source), `// Made by \`make types\`. It is not kept in git.\nexport type PageWords =${each.join("")};\n`);
