// Writes src/generated/document.ts from the JSON schema on standard input, which `python -m deepro.report.schema` prints.
import { writeFile } from "node:fs/promises";
import { json } from "node:stream/consumers";
import { compile } from "json-schema-to-typescript";

const types = await compile(await json(process.stdin), "Viewer", {
  bannerComment: "// Made by `make types` from Deepro's models of the viewer's data. It is not kept in git.",
  additionalProperties: false,
  style: { printWidth: 120 },
});
await writeFile(new URL("../src/generated/document.ts", import.meta.url), types);
