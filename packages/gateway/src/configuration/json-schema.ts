import * as z from "zod";
import { namePattern } from "./fields.ts";
import { include } from "./files/patterns.ts";
import { listenSchema } from "./listen.ts";
import { observe } from "./observe.ts";
import { policy } from "./policy-schema.ts";
import { parts, risk } from "./schema.ts";
import type { ProtocolSchema } from "./types.ts";

/**
 * The JSON Schema (draft 2020-12) of a configuration file, for editors, with the targets and scopes of the registered
 * protocols. What a schema cannot express, such as the names that policies use, only loading checks.
 */
export function configurationJsonSchema(protocols: readonly ProtocolSchema[]): z.core.JSONSchema.BaseSchema {
  const whole = z.strictObject({
    url: parts.url,
    listen: listenSchema(protocols).optional(),
    tls: parts.tls.optional(),
    store: parts.store.optional(),
    data: parts.data.optional(),
    identity: parts.identity,
    ...sharedParts(protocols),
    audit: parts.audit.optional(),
    limits: parts.limits.optional(),
    shutdown: parts.shutdown.optional(),
    notifications: parts.notifications.optional(),
    export: parts.export.optional(),
    telemetry: parts.telemetry.optional(),
    include: include.optional(),
  });
  return publish("Mayfly configuration", whole, protocols);
}

/** The JSON Schema of a file that a configuration includes. */
export function includedJsonSchema(protocols: readonly ProtocolSchema[]): z.core.JSONSchema.BaseSchema {
  return publish(
    "Included file of a Mayfly configuration",
    z.strictObject(sharedParts(protocols)),
    protocols,
  );
}

/** What an included file can hold as well as the main one. */
function sharedParts(protocols: readonly ProtocolSchema[]): Record<"connections" | "policies", z.ZodType> {
  const names = z.string().regex(namePattern);
  const connections = protocols.map(({ kind, target, scope }) =>
    z.strictObject({
      [kind]: target,
      observe: observe.optional(),
      operations: z.record(names, scope).optional(),
    }),
  );
  return {
    connections: z.record(names, connections.length === 0 ? z.never() : z.union(connections)).optional(),
    policies: z.array(policy).optional(),
  };
}

function publish(
  title: string,
  whole: z.ZodType,
  protocols: readonly ProtocolSchema[],
): z.core.JSONSchema.BaseSchema {
  const scopes = new Set<unknown>(protocols.map(({ scope }) => scope));
  const ofAnyOperation: NonNullable<z.core.JSONSchema.BaseSchema["properties"]> = {
    description: { type: "string", description: "What it does, for reviewers and agents" },
    risk: { type: "string", enum: risk.unwrap().options, default: "low" },
  };
  const schema = z.toJSONSchema(whole, {
    io: "input",
    unrepresentable: "any",
    override({ zodSchema, jsonSchema }) {
      // Every operation has two members that are not the protocol's.
      if (scopes.has(zodSchema)) jsonSchema.properties = { ...ofAnyOperation, ...jsonSchema.properties };
    },
  });
  return { title, ...withoutStandard(schema) };
}

/** Removes the methods that zod attaches to its result. */
function withoutStandard(schema: z.core.JSONSchema.BaseSchema): z.core.JSONSchema.BaseSchema {
  return JSON.parse(JSON.stringify(schema)) as z.core.JSONSchema.BaseSchema;
}
