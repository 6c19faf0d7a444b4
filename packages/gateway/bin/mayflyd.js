#!/usr/bin/env node
// Says plainly what is missing on an older Node, which could not even read the program.
const major = Number(process.versions.node.split(".")[0]);
if (major < 24) {
  console.error(`mayflyd needs Node 24 or newer; this is Node ${process.versions.node}.`);
  console.error("hint: in a checkout run it as 'npx mayflyd', which uses the Node that the project pins.");
  process.exit(70);
}
const { existsSync } = await import("node:fs");
const built = new URL("../dist/main/mayflyd.js", import.meta.url);
await import(existsSync(built) ? built.href : new URL("../src/main/mayflyd.ts", import.meta.url).href);
