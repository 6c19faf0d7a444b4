// `npm run screenshots`: brings what is missing, then makes docs/images/*.png.
import { spawn } from "node:child_process";
import { environment, root, setup } from "./setup.mjs";

await setup(["psql", "chromium"]);
const child = spawn("node", ["scripts/screenshots.ts"], { cwd: root, stdio: "inherit", env: environment() });
child.once("close", (code) => process.exit(code ?? 1));
