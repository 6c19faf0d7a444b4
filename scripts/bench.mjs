// `npm run bench`: brings what is missing, then measures.
import { spawn } from "node:child_process";
import { environment, root, setup } from "./setup.mjs";

await setup(["psql", "pgbench", "pgbouncer"]);
const child = spawn("node", ["bench/postgres/main.ts", ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
  env: environment(),
});
child.once("close", (code) => process.exit(code ?? 1));
