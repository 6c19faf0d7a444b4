import { readFile, writeFile } from "node:fs/promises";
import { configurationJsonSchema } from "../packages/gateway/src/configuration/json-schema.ts";
import { protocols } from "../packages/gateway/src/main/protocols.ts";

// Writes the published JSON Schema of the configuration. With --check it writes nothing, and exits with 1 when the
// committed one is not what the code says.

const name = "packages/gateway/schema/mayfly.schema.json";
const file = new URL(`../${name}`, import.meta.url);
const wanted = `${JSON.stringify(configurationJsonSchema(protocols), null, 2)}\n`;

if (process.argv.includes("--check")) {
  const committed = await readFile(file, "utf8").catch(() => "");
  if (committed !== wanted) {
    console.error(`${name} is not what the code says\n  hint: node scripts/json-schema.ts`);
    process.exitCode = 1;
  }
} else {
  await writeFile(file, wanted);
  console.log(`wrote ${name}`);
}
