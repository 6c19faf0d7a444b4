#!/usr/bin/env node
// Says plainly what is missing on an older Node, which could not even read the program.
const major = Number(process.versions.node.split(".")[0]);
if (major < 24) {
  console.error(`mayfly needs Node 24 or newer; this is Node ${process.versions.node}.`);
  console.error("hint: in a checkout run it as 'npx mayfly', which uses the Node that the project pins.");
  process.exit(70);
}
const { existsSync } = await import("node:fs");
const built = new URL("../dist/mayfly.js", import.meta.url);
await import(existsSync(built) ? built.href : new URL("../src/mayfly.ts", import.meta.url).href);
