// Writes packages/gateway/openapi.json and the SDK's types from the API's own schemas.
// `--check` writes nothing and fails when either differs from what is committed.
import { readFileSync, writeFileSync } from "node:fs";
import { compile, type JSONSchema } from "json-schema-to-typescript";
import { document } from "../packages/gateway/src/api/endpoints.ts";

const files = {
  document: new URL("../packages/gateway/openapi.json", import.meta.url),
  types: new URL("../packages/sdk/src/types.generated.ts", import.meta.url),
};

/** Leaves a reference alone: a description beside it would make a second type of the same thing. */
function bareReferences(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bareReferences);
  if (typeof value !== "object" || value === null) return value;
  if ("$ref" in value) return { $ref: String(value.$ref).replace("#/components/schemas/", "#/$defs/") };
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, bareReferences(member)]));
}

/** The types of every named schema, in one text. */
async function typesOf(openapi: Record<string, unknown>): Promise<string> {
  const schemas = bareReferences(
    (openapi as { components: { schemas: unknown } }).components.schemas,
  ) as Record<string, JSONSchema>;
  const text = await compile(
    {
      title: "Everything",
      type: "object",
      additionalProperties: false,
      required: Object.keys(schemas),
      properties: Object.fromEntries(Object.keys(schemas).map((name) => [name, { $ref: `#/$defs/${name}` }])),
      $defs: schemas,
    },
    "Everything",
    {
      additionalProperties: false,
      ignoreMinAndMaxItems: true,
      bannerComment: "// Generated from packages/gateway/openapi.json by scripts/openapi.ts. Do not edit.",
      format: false,
    },
  );
  // The object that only collects them is no type of the API.
  return text.replace(/export interface Everything \{[^}]*\}\n/, "");
}

const openapi = document();
const wanted = [
  [files.document, `${JSON.stringify(openapi, null, 2)}\n`],
  [files.types, await typesOf(openapi)],
] as const;

let drift = false;
for (const [file, text] of wanted) {
  const name = file.pathname.slice(new URL("..", import.meta.url).pathname.length);
  if (!process.argv.includes("--check")) {
    writeFileSync(file, text);
    console.log(`wrote ${name}`);
    continue;
  }
  let committed = "";
  try {
    committed = readFileSync(file, "utf8");
  } catch {
    // A missing file differs like any other.
  }
  if (committed === text) continue;
  drift = true;
  console.error(`${name} differs from what the API's schemas say`);
}
if (drift) {
  console.error("hint: run node scripts/openapi.ts and commit what it writes");
  process.exitCode = 1;
}
