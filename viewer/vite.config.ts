import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { pieces, words } from "./pieces.ts";

/** A page is a piece that has its room's name. */
const roomOf = (file: string | null) => /\/kinds\/([^/]+)\/page\.tsx$/.exec(file ?? "")?.[1];

// What is there from the first, and what several pieces share: a few files, not one for each module.
const groups = [
  { name: "base", tags: ["$initial" as const] },
  { name: "virtual", test: /@tanstack/ },
  { name: "reading", test: /\/parts\/sequence\/|\/kinds\/(figure|matches)\//, minShareCount: 2 },
  { name: "shared", test: /\/src\//, minShareCount: 2 },
];

// Classic scripts and one style sheet: see pieces.ts.
export default defineConfig({
  plugins: [react(), words(), pieces()],
  base: "./",
  build: {
    outDir: "../src/deepro/report/static",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 1_000_000,
    modulePreload: false,
    cssCodeSplit: false,
    lib: { entry: "src/main.tsx", formats: ["cjs"], fileName: () => "app.js", cssFileName: "app" },
    rolldownOptions: { output: { chunkFileNames: (chunk) => `${roomOf(chunk.facadeModuleId) ?? chunk.name}.js`, codeSplitting: { groups } } },
  },
  define: { "process.env.NODE_ENV": JSON.stringify("production") },
});
