// `npm run chaos [-- --only PATTERN] [--kills N] [--agents N] [--seed S]`: brings what is missing, then lets go wrong what can.
import { spawn } from "node:child_process";
import { environment, root, setup } from "./setup.mjs";

await setup();
const program = ["node", "tests/chaos/main.ts", ...process.argv.slice(2)];
// Root's run has mounts of its own: what it mounts is gone with it, however it ends.
const isAlone = process.platform === "linux" && process.getuid() === 0;
const [command, ...args] = isAlone ? ["unshare", "--mount", ...program] : program;
const child = spawn(command, args, {
  cwd: root,
  stdio: "inherit",
  env: environment(),
});
child.once("close", (code) => process.exit(code ?? 1));
