import { readdirSync, readFileSync, closeSync } from "node:fs";
import { createServer } from "node:net";
import { note } from "../print.ts";
import type { LocalDoor } from "./doors.ts";

// Runs in the sandbox, before the command and in its place: it opens what clients connect to, hands that to the mayfly
// outside, which tells it the command's environment, and becomes the command. Its arguments: the doors as JSON, then the command.

const [doors = "[]", ...command] = process.argv.slice(2);

// What else was inherited leads out of the sandbox.
for (const name of readdirSync("/proc/self/fd"))
  if (Number(name) > 2 && !closesItself(name)) closeSync(Number(name));

// A signal that is caught here is back at its default in the command; Node ignores these two (execve(2)).
process.on("SIGPIPE", () => undefined);
process.on("SIGXFSZ", () => undefined);

for (const { address, port } of JSON.parse(doors) as readonly LocalDoor[]) {
  // oxlint-disable-next-line no-await-in-loop -- the first that fails is the one that is said
  await open(address, port);
}
process.once("message", ({ env }: { readonly env: NodeJS.ProcessEnv }) => {
  // env(1) looks for the command in PATH, and says what is wrong with it by the exit codes that shells use. It would take a
  // name with "=" for a variable.
  const start =
    command[0]?.includes("=") === true ? ["/bin/sh", "-c", 'exec "$@"', "sh"] : ["/usr/bin/env", "--"];
  const [file = "", ...args] = [...start, ...command];
  process.execve?.(file, [file, ...args], env);
});
process.send?.("open");

/** Whether a file descriptor is closed when the command takes our place (proc(5), fdinfo; open(2), O_CLOEXEC). */
function closesItself(name: string): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${name}`, "utf8"))?.[1] ?? "0";
    return (Number.parseInt(flags, 8) & 0o2000000) !== 0;
  } catch {
    // That of the folder's listing, which is closed by now.
    return true;
  }
}

/** Listens, and hands the socket out. */
function open(address: string, port: number): Promise<void> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error) => {
      note(`mayfly: nothing can listen at ${address}:${port} in the sandbox: ${error.message}`);
      process.exit(126);
    });
    server.listen({ host: address, port, exclusive: true }, () =>
      process.send?.({ address, port }, server, { keepOpen: true }, () => resolve()),
    );
  });
}
