// tier: full
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { startPostgres, type EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { grantModel } from "../grants/states.ts";
import { sampleRequest } from "../grants/testing/samples.ts";
import { Secret } from "../kernel/secret.ts";
import { openStore } from "./store.ts";

// How long the PostgreSQL store waits: each test here has to wait as long.

let server: EmbeddedPostgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server?.stop());

it("gives a step of its migrations longer than any other call", async () => {
  await server.run("create database large");
  // An index over a large table takes its time.
  await server.run(
    `create table slowed (which text);
     create function slow() returns event_trigger language plpgsql as $$ begin
       insert into slowed select object_identity from pg_event_trigger_ddl_commands(), lateral pg_sleep(5)
         where object_identity like '%mayfly_requests_emergencies';
     end $$;
     create event trigger slow on ddl_command_end when tag in ('CREATE INDEX') execute function slow()`,
    "large",
  );
  const bounds = { connect: 10_000, statement: 3000, answer: 4000, lock: 10_000 };
  const store = await openStore(
    { kind: "postgres", url: new Secret(server.url("large")) },
    grantModel,
    bounds,
  );
  await store.close();
  const client = new pg.Client({ connectionString: server.url("large") });
  await client.connect();
  const { rows } = await client.query("select which from slowed");
  await client.end();
  expect(rows).toEqual([{ which: "public.mayfly_requests_emergencies" }]);
});

it("gives up a server that no longer answers, and the connections to it", async () => {
  const sockets = new Set<Socket>();
  const proxy = createServer((client) => {
    const upstream = connect(server.port, server.host);
    for (const socket of [client, upstream]) sockets.add(socket.on("error", () => undefined));
    client.pipe(upstream).pipe(client);
  });
  const address = await new Promise<AddressInfo>((resolve) => {
    proxy.listen(0, "127.0.0.1", () => resolve(proxy.address() as AddressInfo));
  });
  await server.run("create database away");
  await (await openStore({ kind: "postgres", url: new Secret(server.url("away")) }, grantModel)).close();
  const url = new URL(server.url("away"));
  url.port = String(address.port);
  // They hold for the calls that are answered too, which a pause of the machine must not make time out.
  const bounds = { connect: 10_000, statement: 10_000, answer: 3000, lock: 10_000 };
  const store = await openStore({ kind: "postgres", url: new Secret(url.href) }, grantModel, bounds);
  // Nothing had to be brought up to date: no connection was made whose calls may take longer.
  expect(sockets.size).toBe(2);
  // What was connected falls silent, without being closed.
  for (const socket of sockets) {
    socket.unpipe();
    socket.pause();
  }
  await expect(store.grants.createRequest(sampleRequest("silent"))).rejects.toThrow("timeout");
  // The next call does not get that connection, nor its transaction.
  await expect(store.ping()).resolves.toBeUndefined();
  expect(await store.grants.createRequest(sampleRequest("heard"))).toEqual({ created: true });
  for (const socket of sockets) socket.destroy();
  await store.close();
  proxy.close();
});
