import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { afterEach, expect, test, vi } from "vitest";
import { connectionOf } from "./connection-of.ts";

afterEach(() => vi.unstubAllEnvs());

test.each([
  ["a remote store is TLS, verified", "postgres://m@db.internal/mayfly", { rejectUnauthorized: true }],
  ["also by address", "postgres://m@10.0.0.5/mayfly", { rejectUnauthorized: true }],
  [
    "also when a name begins like an address",
    "postgres://m@127.0.0.1.example/x",
    { rejectUnauthorized: true },
  ],
  ["also where a parameter names the host", "postgres://m@localhost/x?host=db", { rejectUnauthorized: true }],
  ["require verifies", "postgres://m@db/x?sslmode=verify-full", { rejectUnauthorized: true }],
  ["a mode that nobody knows verifies", "postgres://m@db/x?sslmode=bogus", { rejectUnauthorized: true }],
  ["a word that nobody knows verifies", "postgres://m@db/x?ssl=yes", { rejectUnauthorized: true }],
  [
    "a local store is TLS where its URL says so",
    "postgres://m@localhost/x?ssl=true",
    { rejectUnauthorized: true },
  ],
  ["disabled by its URL", "postgres://m@db/x?sslmode=disable", false],
  ["disabled by its URL, in pg's words", "postgres://m@db/x?ssl=false", false],
  ["unverified by its URL alone", "postgres://m@db/x?sslmode=no-verify", { rejectUnauthorized: false }],
  ["on this machine by name", "postgres://m@localhost:5433/x", false],
  ["on this machine by address", "postgres://m@127.0.0.1/x", false],
  ["on this machine by address, version 6", "postgres://m@[::1]:5433/x", false],
  ["through a socket", "postgres://m@%2Fvar%2Frun%2Fpostgresql/x", false],
  ["without a host", "postgres:///mayfly", false],
])("%s", (_, url, ssl) => {
  vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
  vi.stubEnv("PGSSLMODE", "disable");
  vi.stubEnv("PGHOST", "elsewhere.example");
  expect(connectionOf(url).ssl).toEqual(ssl);
  // What pg makes of it.
  const client = new Client(connectionOf(url)) as Client & { readonly ssl: unknown };
  expect(client.ssl).toEqual(ssl);
  expect(client.host).not.toBe("elsewhere.example");
});

test("the rest of a URL is kept", () => {
  expect(connectionOf("postgres://m%40x:p%2Fw@db:5433/may%20fly?sslmode=disable")).toMatchObject({
    user: "m@x",
    password: "p/w",
    host: "db",
    port: 5433,
    database: "may fly",
  });
});

test("the CA that a URL names is the one that is asked", () => {
  const folder = mkdtempSync(join(tmpdir(), "store-ca-"));
  try {
    const file = join(folder, "ca.pem");
    writeFileSync(file, "the CA");
    expect(connectionOf(`postgres://m@db/x?sslmode=verify-full&sslrootcert=${file}`).ssl).toEqual({
      rejectUnauthorized: true,
      ca: "the CA",
    });
    expect(() => connectionOf(`postgres://m:hunter2@db/x?sslrootcert=${folder}/none.pem`)).toThrow(
      /^(?!.*hunter2).*none\.pem/,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
