import * as z from "zod";
import { secretSchema, textFileSchema } from "../../kernel/secret.ts";
import type { ProtocolSchema } from "../types.ts";

/** A protocol for tests, shaped like PostgreSQL's, so that these tests do not move when that one does. */
export const testProtocol: ProtocolSchema = {
  kind: "postgres",
  port: { example: "0.0.0.0:6432", mayAllowInsecureLoopback: true },
  target: z.strictObject({
    host: z.string().min(1),
    port: z.int().min(1).max(65_535).default(5432),
    database: z.string().min(1),
    user: z.string().min(1),
    password: secretSchema.optional(),
    tls: z.enum(["disable", "require", "verify-full"]).default("verify-full"),
    ca: textFileSchema.optional(),
  }),
  scope: z.strictObject({
    statements: z.array(z.enum(["select", "insert", "update", "delete"])).min(1),
    tables: z.record(
      z.string(),
      z.union([
        z.union([z.literal("all"), z.array(z.string()).min(1)]),
        z.strictObject({ update: z.array(z.string()).min(1), where: z.array(z.string()).optional() }),
      ]),
    ),
    timeout: z.string().optional(),
    require_where: z.boolean().optional(),
  }),
  notEnforceable: ["mask", "rows"],
  check(scope) {
    const { tables } = scope as { tables: Record<string, unknown> };
    return Object.keys(tables)
      .filter((table) => !table.includes("."))
      .map((table) => ({
        path: ["tables", table],
        message: "a table needs its schema",
        hint: `write public.${table}`,
      }));
  },
};
