#!/usr/bin/env node
// Says plainly what is missing on an older Node, which could not even read the program.
const major = Number(process.versions.node.split(".")[0]);
if (major < 24) {
  console.error(`mayflyd needs Node 24 or newer; this is Node ${process.versions.node}.`);
  console.error("hint: in a checkout run it as 'npx mayflyd', which uses the Node that the project pins.");
  process.exit(70);
}
const { existsSync } = await import("node:fs");
// What Node reads from TLS lies in blocks of 64 KiB, and V8 marks its whole heap when 64 MiB have come together, unless they go
// before: with a small young generation, whose size, in MiB, only the start of a process can set (docs/decisions/0038). A program
// that cannot be started ends the process, so it is looked for; a worker of `serve --workers` has its supervisor's options.
const small = "--max-semi-space-size";
const isGiven = [...process.execArgv, process.env.NODE_OPTIONS ?? ""].some((option) =>
  option.includes(small),
);
if (process.argv[2] === "serve" && !isGiven && process.channel === undefined && existsSync(process.execPath))
  process.execve?.(
    process.execPath,
    [process.execPath, `${small}=4`, ...process.execArgv, ...process.argv.slice(1)],
    process.env,
  );
const built = new URL("../dist/main/mayflyd.js", import.meta.url);
await import(existsSync(built) ? built.href : new URL("../src/main/mayflyd.ts", import.meta.url).href);
