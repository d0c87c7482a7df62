import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// One classic script and one style sheet: a page opened from disk may load neither modules nor anything by fetch.
export default defineConfig({
  plugins: [react()],
  base: "./",
  build: {
    outDir: "../src/deepro/report/static",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 1_000_000,
    modulePreload: false,
    cssCodeSplit: false,
    lib: { entry: "src/main.tsx", name: "deeproViewer", formats: ["iife"], fileName: () => "app.js", cssFileName: "app" },
  },
  define: { "process.env.NODE_ENV": JSON.stringify("production") },
});
