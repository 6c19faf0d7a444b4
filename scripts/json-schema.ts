import { readFile, writeFile } from "node:fs/promises";
import {
  configurationJsonSchema,
  includedJsonSchema,
} from "../packages/gateway/src/configuration/json-schema.ts";
import { protocols } from "../packages/gateway/src/main/protocols.ts";

// Writes the published JSON Schemas of the configuration. With --check it writes nothing, and exits with 1 when a
// committed one is not what the code says.

const schemas = {
  "packages/gateway/schema/mayfly.schema.json": configurationJsonSchema(protocols),
  "packages/gateway/schema/included.schema.json": includedJsonSchema(protocols),
};

for (const [name, schema] of Object.entries(schemas)) {
  const file = new URL(`../${name}`, import.meta.url);
  const wanted = `${JSON.stringify(schema, null, 2)}\n`;
  if (!process.argv.includes("--check")) {
    await writeFile(file, wanted);
    console.log(`wrote ${name}`);
  } else if ((await readFile(file, "utf8").catch(() => "")) !== wanted) {
    console.error(`${name} is not what the code says\n  hint: node scripts/json-schema.ts`);
    process.exitCode = 1;
  }
}
