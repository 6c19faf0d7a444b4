import { readFileSync } from "node:fs";
import { createInterface } from "node:readline/promises";

/** Where to connect, from the PG* variables that a grant hands out. */
export const place = {
  host: process.env.PGHOST ?? "",
  port: Number(process.env.PGPORT),
  user: process.env.PGUSER ?? "",
  password: process.env.PGPASSWORD ?? "",
  database: process.env.PGDATABASE ?? "",
};

/** What a client that speaks TLS is told: the gateway's CA, or nothing where the database is asked directly. */
export const tls: { readonly ca: string } | undefined =
  process.env.PGSSLROOTCERT === undefined
    ? undefined
    : { ca: readFileSync(process.env.PGSSLROOTCERT, "utf8") };

function plain(key: string, value: unknown): unknown {
  void key;
  return typeof value === "bigint" ? `${value}n` : value;
}

/** One line a step: what came out, as JSON. */
export function print(name: string, value: unknown): void {
  process.stdout.write(`${JSON.stringify([name, value === undefined ? null : value], plain)}\n`);
}

/** The database's error inside of what an ORM made of it. */
function inner(error: unknown): unknown {
  let found = error;
  for (let depth = 0; depth < 5 && typeof found === "object" && found !== null; depth += 1) {
    const { cause, original, driverError } = found as Record<string, unknown>;
    const next = cause ?? original ?? driverError;
    if (next === undefined || next === found) break;
    found = next;
  }
  return found;
}

/** What a person would read of an error. */
export function told(error: unknown): unknown {
  const { code, message, detail, position } = inner(error) as Record<string, unknown>;
  return { code, message, detail, position };
}

/** Runs one step and prints its outcome; the next one follows whatever it is. */
export async function step(name: string, act: () => unknown): Promise<void> {
  try {
    print(name, await act());
  } catch (error) {
    print(name, { error: told(error) });
  }
}

/**
 * `work` is compared with a direct connection. `life` asks once, waits until its grant has ended, and asks twice more:
 * on the connection that it has, and on a new one.
 */
export async function main(
  work: () => Promise<void>,
  ask: () => Promise<unknown>,
  close: () => Promise<unknown>,
): Promise<void> {
  if (process.argv[2] === "life") {
    await step("asked", ask);
    print("ready", null);
    const input = createInterface({ input: process.stdin });
    await new Promise((resolve) => input.once("line", resolve));
    input.close();
    await step("ended", ask);
    await step("again", ask);
  } else await work();
  await close().catch(() => undefined);
  process.exit(0);
}
