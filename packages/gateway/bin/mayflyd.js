#!/usr/bin/env node
// Says plainly what is missing on an older Node, which could not even read the program.
const major = Number(process.versions.node.split(".")[0]);
if (major < 24) {
  console.error(`mayflyd needs Node 24 or newer; this is Node ${process.versions.node}.`);
  console.error("hint: in a checkout run it as 'npx mayflyd', which uses the Node that the project pins.");
  process.exit(70);
}
const { existsSync } = await import("node:fs");
// What Node reads from TLS lies in blocks of 64 KiB that V8 counts, and it marks its whole heap for them many times a second unless
// they go before, with a small young generation (MiB), and the heap may double between two marks (percent). Only the start of a
// process can set these (docs/decisions/0038). A program that cannot be started ends the process, so it is looked for; a worker of
// `serve --workers` has its supervisor's options.
const given = [...process.execArgv, process.env.NODE_OPTIONS ?? ""].join(" ");
const options = [
  ["--max-semi-space-size", 4],
  ["--heap-growing-percent", 100],
]
  .filter(([name]) => !given.includes(name))
  .map(([name, value]) => `${name}=${value}`);
if (
  process.argv[2] === "serve" &&
  options.length > 0 &&
  process.channel === undefined &&
  existsSync(process.execPath)
)
  process.execve?.(
    process.execPath,
    [process.execPath, ...options, ...process.execArgv, ...process.argv.slice(1)],
    process.env,
  );
const built = new URL("../dist/main/mayflyd.js", import.meta.url);
await import(existsSync(built) ? built.href : new URL("../src/main/mayflyd.ts", import.meta.url).href);
