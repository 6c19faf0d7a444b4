import type { EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import { type Target, targetSchema } from "../target.ts";

/** A real server as a connection's target, by its superuser. @param more replaces settings of the target */
export function targetOf(
  postgres: Pick<EmbeddedPostgres, "port" | "password">,
  more: Readonly<Record<string, unknown>> = {},
  password = postgres.password,
): Target {
  const target = targetSchema.parse({
    host: "127.0.0.1",
    port: postgres.port,
    database: "postgres",
    user: "postgres",
    password: { env: "UNUSED" },
    tls: "disable",
    ...more,
  });
  target.password?.load(password);
  return target;
}
