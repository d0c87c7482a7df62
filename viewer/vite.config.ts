import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { pieces, words } from "./pieces.ts";

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
    rolldownOptions: { output: { chunkFileNames: "[name].js", codeSplitting: { groups: [{ name: "base", tags: ["$initial"] }, { name: "virtual", test: /@tanstack/ }] } } },
  },
  define: { "process.env.NODE_ENV": JSON.stringify("production") },
});
