import * as z from "zod";
import { duration } from "../../kernel/durations.ts";
import { secretSchema, textFileSchema } from "../../kernel/secret.ts";

/** Names an identifier of the search path; quoted when it is sent. */
const schemaName = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[^"\0]+$/, "a schema's name without quotes");

const MAX_CONNECT_MS = 600_000;

/** How a PostgreSQL server is reached: `postgres:` of a connection. */
export const targetSchema = z.strictObject({
  host: z.string().min(1).max(253).describe("Host name or address of the server"),
  port: z.int().min(1).max(65_535).default(5432),
  database: z.string().min(1).max(63),
  user: z.string().min(1).max(63).describe("The role that the gateway logs in as"),
  password: secretSchema.optional().describe("Its password; left out where the server trusts the gateway"),
  tls: z
    .enum(["disable", "allow", "prefer", "require", "verify-ca", "verify-full"])
    .default("verify-full")
    .describe("As libpq's sslmode"),
  ca: textFileSchema.optional().describe("PEM file of the CA that signed the server's certificate"),
  search_path: z
    .array(schemaName)
    .min(1)
    .max(16)
    .default(["public"])
    .describe("The schemas in which names without a schema are looked up, fixed for every session"),
  connect_timeout: duration(1, MAX_CONNECT_MS)
    .prefault("10s")
    .describe("How long connecting may take, TLS and authentication included"),
});

/** A target with its defaults filled in. */
export type Target = z.output<typeof targetSchema>;

/** Where a target is, for people: `host:port/database`. */
export function addressOf({ host, port, database }: Target): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}/${database}`;
}
