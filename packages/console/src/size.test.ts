import { existsSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const dist = fileURLToPath(new URL("../dist/", import.meta.url));

interface Chunk {
  readonly file: string;
  readonly isEntry?: boolean;
  readonly imports?: readonly string[];
  readonly css?: readonly string[];
}

/** JavaScript that a browser loads for the entry and one page, by the build's own manifest. */
function needed(manifest: Readonly<Record<string, Chunk>>, roots: readonly string[]): Set<string> {
  const files = new Set<string>();
  const visit = (name: string): void => {
    const chunk = manifest[name];
    if (chunk === undefined) throw new Error(`the manifest has no ${name}`);
    if (files.has(chunk.file)) return;
    files.add(chunk.file);
    for (const imported of chunk.imports ?? []) visit(imported);
  };
  for (const root of roots) visit(root);
  return files;
}

describe("the first load", () => {
  // `npm test` and `npm run check` build before they test.
  const manifest = existsSync(`${dist}manifest.json`)
    ? (JSON.parse(readFileSync(`${dist}manifest.json`, "utf8")) as Record<string, Chunk>)
    : undefined;
  const pages = [
    "sign-in",
    "overview",
    "inbox",
    "emergencies",
    "agent",
    "request",
    "live",
    "activity",
    "reach",
    "connections",
    "integrity",
    "sessions",
  ];

  it.each(pages)("of %s is under 200 KB of compressed JavaScript", (page) => {
    if (manifest === undefined)
      throw new Error("the console is not built: run npm run check, which builds it");
    const files = needed(manifest, ["index.html", `src/pages/${page}/index.tsx`]);
    const bytes = [...files].reduce((sum, file) => sum + statSync(`${dist}${file}.br`).size, 0);
    expect(files.size).toBeGreaterThan(1);
    expect(bytes).toBeLessThan(200_000);
  });
});
