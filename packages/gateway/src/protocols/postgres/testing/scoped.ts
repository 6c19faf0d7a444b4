import type pg from "pg";
import { type PostgresScope, scopeSchema } from "../scope.ts";
import type { Target } from "../target.ts";
import type { Judging } from "../relay/judging.ts";
import { createFakeGate, type FakeGate } from "./fake-gate.ts";
import { pgClient } from "./pg-client.ts";
import { listenWire, type Listening, type TestCertificate } from "./wire.ts";

/** Clients under scopes, each through a gateway of its own: nothing that one found is known to the next. */
export interface Scoped {
  /** @param scope members beside `statements`, which is `[select]` where it is left out */
  under(scope: object): Promise<{ readonly client: pg.Client; readonly gate: FakeGate }>;
  /** @param scope whole, also one that no file can write */
  by(scope: PostgresScope): Promise<{ readonly client: pg.Client; readonly gate: FakeGate }>;
  close(): Promise<void>;
}

/** @param judging left out: the gate alone judges, so that no text is changed on its way */
export function createScoped(target: () => Target, certificate: TestCertificate, judging?: Judging): Scoped {
  const clients: pg.Client[] = [];
  const wires: Listening[] = [];
  const by: Scoped["by"] = async (scope) => {
    const gate = createFakeGate({ target: target(), scopes: [{ name: "shop/x", scope }], isGuarded: true });
    const wire = await listenWire(gate, certificate, judging === undefined ? {} : { judging });
    wires.push(wire);
    const client = pgClient(wire, certificate);
    client.on("error", () => undefined);
    await client.connect();
    clients.push(client);
    return { client, gate };
  };
  return {
    under: (scope) => by(scopeSchema.parse({ statements: ["select"], ...scope })),
    by,
    async close() {
      for (const client of clients.splice(0)) await client.end();
      for (const wire of wires.splice(0)) wire.close();
    },
  };
}

/** What comes of each statement, in order: `ok`, or the error's SQLSTATE. */
export async function outcomes(
  client: pg.Client,
  statements: readonly string[],
): Promise<Record<string, string>> {
  const all: Record<string, string> = {};
  for (const sql of statements)
    all[sql] = await client.query(sql).then(
      () => "ok",
      (error: { code: string }) => error.code,
    );
  return all;
}

/** The same outcome of each. */
export function every(statements: readonly string[], outcome: string): Record<string, string> {
  return Object.fromEntries(statements.map((sql) => [sql, outcome]));
}
