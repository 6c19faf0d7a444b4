// The JSON Schema organisation's test suite, which npm does not have and Debian has inside of another package.
import { existsSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { downloadDebian, root, run } from "../setup.mjs";
import { progress } from "../progress.mjs";

const DEBIAN_PACKAGE = "libtest-json-schema-acceptance-perl";
const folder = path.join(root, ".cache", "json-schema-suite");

/** Brings it under .cache, where tests/integration/json-schema-suite.test.ts reads it. Nothing is installed. */
export async function setupSchemaSuite() {
  if (existsSync(path.join(folder, "usr"))) return;
  await progress(`unpacking ${DEBIAN_PACKAGE} from Debian`, async () => {
    await downloadDebian([DEBIAN_PACKAGE], folder);
    for (const file of readdirSync(folder)) {
      if (!file.endsWith(".deb")) continue;
      await run("dpkg", ["-x", path.join(folder, file), folder]);
      rmSync(path.join(folder, file));
    }
  });
}
