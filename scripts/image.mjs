// `npm run image`: the gateway as an OCI image, an archive that containerd, podman, skopeo and docker load, made without any
// of them from Debian's packages and npm's. Hands over to the build proper on the project's own Node.
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { progress } from "./progress.mjs";
import { downloadDebian, environment, root, setup } from "./setup.mjs";

/** What Node is linked to, the CAs of the public, and what says which Debian this is. Time zones come with Node. */
const packages = ["base-files", "ca-certificates", "libc6", "libgcc-s1", "libstdc++6"];

await setup();
const debs = path.join(root, ".cache", "image");
const isHere = (name) => existsSync(debs) && readdirSync(debs).some((file) => file.startsWith(`${name}_`));
if (!packages.every(isHere))
  await progress(`downloading ${packages.join(", ")} from Debian`, () => downloadDebian(packages, debs));
const child = spawn("node", ["scripts/image/main.ts", ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
  env: environment(),
});
child.once("close", (code) => process.exit(code ?? 1));
