import { readFileSync } from "node:fs";
import * as z from "zod";
import { openEndpoint } from "../contract/endpoint.ts";

const jsonSchema = z.record(z.string(), z.unknown());
const read = new Map<string, z.output<typeof jsonSchema>>();

/** A JSON Schema that ships with the gateway. It says what any gateway of this version takes, and nothing of this one's. */
function shipped(name: string): z.output<typeof jsonSchema> {
  const known = read.get(name);
  if (known !== undefined) return known;
  const file = new URL(`../../../schema/${name}`, import.meta.url);
  const schema = jsonSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  read.set(name, schema);
  return schema;
}

/** Editors ask for it from wherever they run. */
const headers = { "access-control-allow-origin": "*" };

/** For the modeline of a configuration file. */
export const getConfigurationSchema = openEndpoint({
  id: "GET /schema/mayfly.json",
  operationId: "configurationSchema",
  summary: "The JSON Schema of the gateway's configuration file, for editors",
  answers: { 200: { description: "JSON Schema, draft 2020-12", schema: jsonSchema } },
  handle: () => ({ status: 200, body: shipped("mayfly.schema.json"), headers }),
});

/** For the modeline of an included file. */
export const getIncludedSchema = openEndpoint({
  id: "GET /schema/included.json",
  operationId: "includedSchema",
  summary: "The JSON Schema of a file that the gateway's configuration includes, for editors",
  answers: { 200: { description: "JSON Schema, draft 2020-12", schema: jsonSchema } },
  handle: () => ({ status: 200, body: shipped("included.schema.json"), headers }),
});
