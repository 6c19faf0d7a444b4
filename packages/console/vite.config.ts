import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The console is served by mayflyd under a policy without inline scripts or styles, so nothing is inlined here:
// no data: URLs, no polyfill snippet, no style element.
export default defineConfig({
  plugins: [react()],
  build: {
    outDir: "dist",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: "manifest.json",
    target: "baseline-widely-available",
    reportCompressedSize: false,
  },
});
