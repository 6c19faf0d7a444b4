import * as z from "zod";
import { namePattern } from "./fields.ts";
import { parts, policy, risk } from "./schema.ts";
import type { ProtocolSchema } from "./types.ts";

/**
 * The JSON Schema (draft 2020-12) of a configuration file, for editors: what may be written, with the registered
 * protocols' targets and scopes. What a schema cannot say (names that policies use, say) only loading checks.
 */
export function configurationJsonSchema(protocols: readonly ProtocolSchema[]): z.core.JSONSchema.BaseSchema {
  const scopes = new Set<unknown>(protocols.map(({ scope }) => scope));
  const names = z.string().regex(namePattern);
  const connections = protocols.map(({ kind, target, scope }) =>
    z.strictObject({ [kind]: target, operations: z.record(names, scope) }),
  );
  const whole = z.strictObject({
    url: parts.url,
    listen: parts.listen.optional(),
    tls: parts.tls.optional(),
    store: parts.store.optional(),
    data: parts.data.optional(),
    identity: parts.identity,
    connections: z.record(names, connections.length === 0 ? z.never() : z.union(connections)).optional(),
    policies: z.array(policy).optional(),
    audit: parts.audit.optional(),
    limits: parts.limits.optional(),
    notifications: parts.notifications.optional(),
  });
  const ofAnyOperation: NonNullable<z.core.JSONSchema.BaseSchema["properties"]> = {
    description: { type: "string", description: "What it does, for reviewers and agents" },
    risk: { type: "string", enum: risk.unwrap().options, default: "low" },
  };
  const schema = z.toJSONSchema(whole, {
    io: "input",
    unrepresentable: "any",
    override({ zodSchema, jsonSchema }) {
      // The two members that every operation has are not the protocol's.
      if (scopes.has(zodSchema)) jsonSchema.properties = { ...ofAnyOperation, ...jsonSchema.properties };
    },
  });
  return { title: "Mayfly configuration", ...withoutStandard(schema) };
}

/** Without the methods that zod hangs on its result. */
function withoutStandard(schema: z.core.JSONSchema.BaseSchema): z.core.JSONSchema.BaseSchema {
  return JSON.parse(JSON.stringify(schema)) as z.core.JSONSchema.BaseSchema;
}
