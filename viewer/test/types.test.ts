import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
// @ts-expect-error a script without types
import { types } from "../scripts/types.mjs";

it("document.ts is what the schema says: run `npm run types`", async () => {
  const kept = await readFile(new URL("../src/generated/document.ts", import.meta.url), "utf8");
  expect(await types()).toBe(kept);
});
