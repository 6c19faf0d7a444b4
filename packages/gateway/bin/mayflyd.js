#!/usr/bin/env node
// Says plainly what is missing on an older Node, which could not even read the program.
const major = Number(process.versions.node.split(".")[0]);
if (major < 24) {
  console.error(`mayflyd needs Node 24 or newer; this is Node ${process.versions.node}.`);
  console.error("hint: in a checkout run it as 'npx mayflyd', which uses the Node that the project pins.");
  process.exit(70);
}
// What Node reads from TLS lies in blocks of 64 KiB, and V8 marks its whole heap when 64 MiB have come together, unless they go
// before: with a small young generation, whose size, in MiB, only the start of a process can set (docs/decisions/0038).
const small = "--max-semi-space-size";
const options = [...process.execArgv, process.env.NODE_OPTIONS ?? ""];
if (
  process.argv[2] === "serve" &&
  process.channel === undefined &&
  !options.some((option) => option.includes(small))
)
  process.execve?.(
    process.execPath,
    [process.execPath, `${small}=4`, ...process.execArgv, ...process.argv.slice(1)],
    process.env,
  );
const { existsSync } = await import("node:fs");
const built = new URL("../dist/main/mayflyd.js", import.meta.url);
await import(existsSync(built) ? built.href : new URL("../src/main/mayflyd.ts", import.meta.url).href);
