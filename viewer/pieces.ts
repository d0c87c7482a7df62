// The viewer in pieces that load when they are looked at. A page opened from disk may load neither modules nor anything
// by fetch, so each piece is a classic script that hands its body over (src/core/loader.js). The same files serve a report's
// folder and a live server, and stand one after the other in a single file.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runnerImport, type Plugin } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const bare = (file: string) => file.replace(/^\.\/|\.js$/g, "");

/** Wraps every chunk as `deeproPiece(name, what it needs, body)`. app.js is the loader and all that is there from the first. */
export function pieces(): Plugin {
  return {
    name: "deepro-pieces",
    enforce: "post", // the style sheet is gathered from the chunks before they are put together
    generateBundle(_options, bundle) {
      const chunks = new Map(Object.values(bundle).flatMap((output) => (output.type === "chunk" ? [[output.fileName, output]] : [])));
      for (const chunk of chunks.values()) {
        const [name, needs] = [bare(chunk.fileName), chunk.imports.map(bare)].map((part) => JSON.stringify(part));
        chunk.code = `deeproPiece(${name},${needs},function(require,exports,module){${chunk.code}\n});\n`;
      }
      const entry = [...chunks.values()].find((chunk) => chunk.isEntry);
      if (!entry) throw new Error("the viewer has no beginning");
      const first = new Set(entry.imports);
      for (const file of first) for (const needed of chunks.get(file)?.imports ?? []) first.add(needed);
      const base = [...first].map((file) => chunks.get(file)?.code ?? "");
      entry.code = [readFileSync(here("src/core/loader.js"), "utf8"), ...base, entry.code, `deeproLoad(${JSON.stringify(bare(entry.fileName))});\n`].join("");
      for (const file of first) delete bundle[file];
    },
  };
}

const WORDS = "words-";

/** `words-en` and its like: one language out of the files in which the languages stand side by side. */
export function words(): Plugin {
  return {
    name: "deepro-words",
    resolveId: (id) => (id.startsWith(WORDS) ? id : undefined),
    async load(id) {
      if (!id.startsWith(WORDS)) return undefined;
      const { module, dependencies } = await runnerImport<typeof import("./src/i18n/tables")>(here("src/i18n/tables.ts"));
      for (const file of dependencies) this.addWatchFile(here(file));
      const language = id.slice(WORDS.length) as keyof typeof module.tables;
      return `export default ${JSON.stringify(module.tables[language])}`;
    },
  };
}
