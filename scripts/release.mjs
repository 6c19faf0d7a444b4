// `npm run release -- --dry-run`: hands over to the release proper on the project's own Node.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { environment, root, setup } from "./setup.mjs";

// Nothing is installed where a Node is that can do it: packages that disagree cannot be installed, and the release says why.
const hasNode =
  existsSync(path.join(root, "node_modules/.bin/node")) || Number.parseInt(process.versions.node, 10) >= 24;
if (!hasNode) await setup();
const child = spawn("node", ["scripts/release/main.ts", ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
  env: environment(),
});
child.once("close", (code) => process.exit(code ?? 1));
