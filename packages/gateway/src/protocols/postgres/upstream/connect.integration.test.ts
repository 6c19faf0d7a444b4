// tier: gate
import { createServer, type AddressInfo, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startPostgres, type EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import { systemClock } from "../../../kernel/clock.ts";
import { targetSchema, type Target } from "../target.ts";
import { connectUpstream, UpstreamError } from "./connect.ts";
import { frame, int32, makeCertificate, type TestCertificate } from "../testing/wire.ts";

let certificate: TestCertificate;
let stranger: TestCertificate;
let secured: EmbeddedPostgres;
let plain: EmbeddedPostgres;

beforeAll(async () => {
  certificate = await makeCertificate(["db.test"]);
  stranger = await makeCertificate();
  secured = await startPostgres({
    settings: { ssl: "on", password_encryption: "md5" },
    files: { "server.crt": certificate.certificate, "server.key": certificate.key },
    hba: [
      "hostssl all cleartext 127.0.0.1/32 password",
      "hostssl all hashed 127.0.0.1/32 md5",
      "hostnossl all hashed 127.0.0.1/32 reject",
      "host all cleartext 127.0.0.1/32 password",
      "host all trusted 127.0.0.1/32 trust",
      "host all all 127.0.0.1/32 scram-sha-256",
    ],
  });
  await secured.run(
    "create role hashed login password 'hashed-password'; create role trusted login; set password_encryption = 'scram-sha-256'; create role cleartext login password 'clear-password'",
  );
  plain = await startPostgres();
});

afterAll(async () => {
  await secured.stop();
  await plain.stop();
  certificate.remove();
  stranger.remove();
});

function targetOf(
  server: { port: number },
  user: string,
  password: string | undefined,
  more: object,
): Target {
  const target = targetSchema.parse({
    host: "127.0.0.1",
    port: server.port,
    database: "postgres",
    user,
    ...(password === undefined ? {} : { password: { env: "UNUSED" } }),
    ...more,
  });
  target.password?.load(password ?? "");
  target.ca?.load(certificate.authority);
  return target;
}

/** Connects: `tls` or `plain`, or the error's message. */
async function outcome(target: Target): Promise<string> {
  try {
    const { socket, tls } = await connectUpstream(
      target,
      new Map(),
      systemClock,
      new AbortController().signal,
    );
    socket.destroy();
    return tls ? "tls" : "plain";
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    return error.message;
  }
}

const superuser = "postgres-of-the-test";

test.for([
  ["disable", "plain", "plain"],
  ["allow", "plain", "plain"],
  ["prefer", "tls", "plain"],
  ["require", "tls", "the database cannot be reached: the server does not speak TLS"],
] as const)("tls: %s", async ([tls, withTls, without]) => {
  expect(await outcome(targetOf(secured, "postgres", superuser, { tls }))).toBe(withTls);
  expect(await outcome(targetOf(plain, "postgres", superuser, { tls }))).toBe(without);
});

test("verify-ca wants the CA, verify-full the name too", async () => {
  const ca = { ca: "ca.pem" };
  expect(await outcome(targetOf(secured, "postgres", superuser, { tls: "verify-ca", ...ca }))).toBe("tls");
  expect(await outcome(targetOf(secured, "postgres", superuser, { tls: "verify-full", ...ca }))).toContain(
    "its certificate is for another name (ERR_TLS_CERT_ALTNAME_INVALID): the target's `host` must be that name, or `tls: verify-ca`",
  );
  expect(await outcome(targetOf(secured, "postgres", superuser, { tls: "verify-ca" }))).toBe(
    "the database cannot be reached: its certificate comes from a CA that is not trusted here " +
      "(UNABLE_TO_VERIFY_LEAF_SIGNATURE): the target's `ca` must name its CA",
  );
  const other = targetOf(secured, "postgres", superuser, { tls: "require", ...ca });
  other.ca?.load(stranger.authority);
  expect(await outcome(other)).toContain("UNABLE_TO_VERIFY_LEAF_SIGNATURE");
});

test("md5, trust and passwords: allow falls back to TLS, cleartext goes to a verified server only", async () => {
  expect(await outcome(targetOf(secured, "hashed", "hashed-password", { tls: "require" }))).toBe("tls");
  expect(await outcome(targetOf(secured, "hashed", "hashed-password", { tls: "allow" }))).toBe("tls");
  expect(await outcome(targetOf(secured, "trusted", undefined, { tls: "disable" }))).toBe("plain");
  expect(await outcome(targetOf(secured, "postgres", "wrong", { tls: "disable" }))).toBe(
    "the database refused the gateway (SQLSTATE 28P01)",
  );
  expect(await outcome(targetOf(secured, "postgres", undefined, { tls: "disable" }))).toContain(
    "none is configured",
  );
  const clear = targetOf(secured, "cleartext", "clear-password", { tls: "verify-ca", ca: "ca.pem" });
  expect(await outcome(clear)).toBe("tls");
  expect(await outcome(targetOf(secured, "cleartext", "clear-password", { tls: "require" }))).toContain(
    "cleartext password",
  );
});

/** A server that answers every message with the next of its lines. */
async function rogue(...lines: readonly Buffer[]): Promise<string> {
  const server = createServer((socket: Socket) => {
    let next = 0;
    socket.on("error", () => undefined);
    socket.on("data", () => {
      const line = lines[next];
      next += 1;
      if (line === undefined) socket.destroy();
      else socket.write(line);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const tls = lines[0]?.[0] === 0x53 ? "require" : "disable";
  const result = await outcome(targetOf({ port }, "postgres", superuser, { tls }));
  server.close();
  return result;
}

test("servers that misbehave are left, and never told the password", async () => {
  const sasl = frame("R", int32(10), "SCRAM-SHA-256", Buffer.from([0]));
  const reason = (text: string): string => `the database cannot be reached: ${text}`;
  expect(await rogue(Buffer.from("Sxx"))).toBe(
    reason("the server sent unprotected bytes behind its answer about TLS"),
  );
  expect(await rogue(Buffer.from("HTTP/1.1 400"))).toContain("length");
  expect(await rogue(frame("R", int32(3)))).toContain("cleartext password");
  expect(await rogue(frame("R", int32(7)))).toContain("authentication method 7");
  expect(await rogue(sasl, frame("R", int32(0)))).toContain("without proving");
  expect(await rogue(sasl, frame("R", int32(11), Buffer.from("r=other,s=c2FsdA==,i=4096")))).toContain(
    "malformed",
  );
  expect(await rogue(sasl, frame("R", int32(12), Buffer.from(`v=${"A".repeat(44)}`)))).toContain("malformed");
  expect(await rogue(frame("Z", Buffer.from("I")))).toContain("out of step");
  expect(await rogue(Buffer.from("R\x7f\xff\xff\xff", "latin1"))).toContain("length");
  expect(await rogue(frame("D", 0))).toContain("unexpected message");
});

test("a server that asks for too many SCRAM iterations is refused before any is done", async () => {
  const server = createServer((socket: Socket) => {
    let asked = false;
    socket.on("error", () => undefined);
    socket.on("data", (bytes: Buffer) => {
      if (!asked) socket.write(frame("R", int32(10), "SCRAM-SHA-256", Buffer.from([0])));
      else {
        const nonce = /r=(\S+)$/.exec(bytes.toString("latin1"))?.[1] ?? "";
        socket.write(frame("R", int32(11), Buffer.from(`r=${nonce}x,s=c2FsdA==,i=9999999`)));
      }
      asked = true;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  expect(await outcome(targetOf({ port }, "postgres", superuser, { tls: "disable" }))).toContain(
    "SCRAM iterations",
  );
  server.close();
});
