// `npm run demo`: brings what is missing, then hands over to the demo proper on the project's own Node.
import { spawn } from "node:child_process";
import { containerPrograms, environment, root, setup } from "./setup.mjs";

try {
  await setup(["psql", "curl", "kubectl"]);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
try {
  await setup(containerPrograms);
} catch (error) {
  // The demo then leaves its cluster out, and says so.
  console.error(`no containers for the demo's cluster: ${error.message}`);
}
const child = spawn("node", ["demo/main.ts", ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
  env: environment(),
});
// The terminal sends Ctrl-C to the demo too: it cleans up, and its exit code is ours.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.once("close", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));
