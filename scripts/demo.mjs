// `npm run demo`: brings what is missing, then hands over to the demo proper on the project's own Node.
import { spawn } from "node:child_process";
import { containerPrograms, environment, hostPrograms, root, setup } from "./setup.mjs";

try {
  await setup(["psql", "curl", "kubectl"]);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
for (const { programs, what } of [
  { programs: containerPrograms, what: "containers for the demo's cluster" },
  { programs: hostPrograms, what: "hosts to close the direct paths between" },
])
  try {
    await setup(programs);
  } catch (error) {
    // The demo then leaves that step out, and says so.
    console.error(`no ${what}: ${error.message}`);
  }
// A session of its own: Ctrl-C reaches the demo alone, which then ends what it has started, in order. The terminal
// would send it to each of those too, and half of them would be gone before the demo could take them down.
const child = spawn("node", ["demo/main.ts", ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
  env: environment(),
  detached: true,
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.once("close", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));
