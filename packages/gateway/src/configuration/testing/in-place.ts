import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { loadConfiguration } from "../load.ts";
import type { LoadedConfiguration } from "../load.ts";
import type { Configuration, OperationConfiguration, ProtocolSchema } from "../types.ts";

/** A body's schema in YAML, and the same one as its file holds it. */
export const schema =
  "{ type: object, properties: { cents: { type: integer, maximum: 500 } }, additionalProperties: false }";
export const schemaFile =
  '{"type":"object","properties":{"cents":{"type":"integer","maximum":500}},"additionalProperties":false}';

/** A configuration with one HTTP operation, whose body is as written, on the ninth line. */
const withBody = (body: string): string => `url: https://gw.example
identity: { agents: { issuer: https://okta.example/oauth2/a, audience: api } }
connections:
  billing:
    http: { url: https://billing.internal }
    operations:
      refund:
        requests: ["POST /v1/refunds"]
        body: ${body}
`;

/** Loads a configuration whose one operation has this body. */
export async function loadBody(
  folder: string,
  body: string,
  protocols: readonly ProtocolSchema[],
): Promise<LoadedConfiguration> {
  const file = join(folder, "mayfly.yaml");
  await writeFile(file, withBody(body));
  return loadConfiguration(file, protocols, {});
}

/** As `loadBody`, of a body that is good. */
export async function loadedBody(
  folder: string,
  body: string,
  protocols: readonly ProtocolSchema[],
): Promise<Configuration> {
  const result = await loadBody(folder, body, protocols);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.configuration;
}

/** The operation that has the body. */
export function refundOf(configuration: Configuration): OperationConfiguration {
  const found = configuration.connections.get("billing")?.operations.get("refund");
  if (found === undefined) throw new TypeError("no operation refund");
  return found;
}
