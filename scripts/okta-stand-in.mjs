// `npm run okta-stand-in -- --config org.yaml`: an org to try Mayfly with, on the project's own Node.
import { spawn } from "node:child_process";
import path from "node:path";
import { environment, root, setup } from "./setup.mjs";

try {
  await setup();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
const child = spawn(
  "node",
  [path.join(root, "packages/okta-stand-in/src/main.ts"), ...process.argv.slice(2)],
  {
    // `npm run` changes the folder: paths are meant from where it was called.
    cwd: process.env.INIT_CWD ?? process.cwd(),
    stdio: "inherit",
    env: environment(),
  },
);
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.once("close", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));
