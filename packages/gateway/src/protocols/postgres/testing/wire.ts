import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { connect as connectTls, createSecureContext } from "node:tls";
import type { Duplex } from "node:stream";
import { issue, makeAuthority } from "../../../main/tls/make-certificate.ts";
import type { Gate } from "../../../gate/gate.ts";
import type { Clock } from "../../../kernel/clock.ts";
import { systemClock } from "../../../kernel/clock.ts";
import type { PostgresAct, PostgresCover } from "../act.ts";
import { decodeFields } from "../wire/codec.ts";
import { u32 } from "../wire/framing.ts";
import { type Effect, effectsOf } from "../guard/effects.ts";
import { MAX_WORK, Work } from "../guard/work.ts";
import { loadGrammar, parse } from "../guard/syntax/grammar.ts";
import { createJudges } from "../guard/verdicts.ts";
import type { Judging } from "../relay/judging.ts";
import { createServe } from "../serve.ts";
import { testGrant, testSecret } from "./fake-gate.ts";

/** A certificate for localhost, and the CA that issued it. */
export interface TestCertificate {
  readonly certificate: string;
  readonly key: string;
  /** The CA's certificate, and the file that holds it for clients. */
  readonly authority: string;
  readonly file: string;
  remove(): void;
}

export async function makeCertificate(
  hosts: readonly string[] = ["localhost", "127.0.0.1"],
): Promise<TestCertificate> {
  const authority = await makeAuthority(Date.now());
  const { certificate, key } = await issue(authority, hosts, Date.now());
  const folder = mkdtempSync(path.join(tmpdir(), "mayfly-wire-"));
  const file = path.join(folder, "ca.pem");
  writeFileSync(file, authority.certificate);
  return {
    certificate,
    key,
    authority: authority.certificate,
    file,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The wire part, listening. */
export interface Listening {
  readonly port: number;
  readonly accepted: readonly Socket[];
  close(): void;
}

/** Leaves the verdict to the fake gate, and finds out what a text does if that permits it. */
const permitting: Judging = {
  ahead(_, judge, text) {
    const cover = { operations: [], effects: effectsIn(text.sql) };
    text.judged = { by: judge, verdict: { kind: "permit", operation: "shop/read", cover } };
    return true;
  },
  stop: () => undefined,
};

function effectsIn(sql: string): readonly Effect[] {
  try {
    return effectsOf(parse(sql).statements, new Work(MAX_WORK));
  } catch {
    return [];
  }
}

export async function listenWire(
  gate: Gate<PostgresAct, PostgresCover>,
  certificate: TestCertificate,
  options: {
    readonly clock?: Clock;
    readonly allowInsecureLoopback?: boolean;
    readonly judging?: Judging;
  } = {},
): Promise<Listening> {
  await loadGrammar();
  const context = createSecureContext({
    cert: certificate.certificate,
    key: certificate.key,
    minVersion: "TLSv1.2",
  });
  const serve = createServe({
    clock: options.clock ?? systemClock,
    secureContext: () => context,
    allowInsecureLoopback: options.allowInsecureLoopback ?? true,
    judging: options.judging ?? permitting,
    judges: createJudges(),
  });
  const accepted: Socket[] = [];
  const server = createServer((socket) => {
    accepted.push(socket);
    serve(socket, gate);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    accepted,
    close() {
      server.close();
      for (const socket of accepted) socket.destroy();
    },
  };
}

/** A frame: type and body. */
export function frame(kind: string, ...parts: readonly (string | Buffer | number)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => toBytes(part)));
  const head = Buffer.alloc(5);
  head.write(kind, 0, "latin1");
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** Strings get their NUL, numbers are Int16. */
function toBytes(part: string | Buffer | number): Buffer {
  if (typeof part === "string") return Buffer.from(`${part}\0`);
  if (typeof part !== "number") return part;
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(part);
  return bytes;
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

export const frames = {
  query: (sql: string): Buffer => frame("Q", sql),
  parse: (name: string, sql: string, types: readonly number[] = []): Buffer =>
    frame("P", name, sql, types.length, ...types.map((oid) => int32(oid))),
  bind: (portal: string, statement: string, values: readonly (string | null)[] = []): Buffer =>
    frame(
      "B",
      portal,
      statement,
      0,
      values.length,
      ...values.flatMap((value) =>
        value === null ? [int32(-1)] : [int32(Buffer.byteLength(value)), Buffer.from(value)],
      ),
      0,
    ),
  describe: (kind: "S" | "P", name: string): Buffer => frame("D", Buffer.from(kind), name),
  execute: (portal: string, rows = 0): Buffer => frame("E", portal, int32(rows)),
  close: (kind: "S" | "P", name: string): Buffer => frame("C", Buffer.from(kind), name),
  sync: frame("S"),
  flush: frame("H"),
  terminate: frame("X"),
};

export function startup(parameters: Readonly<Record<string, string>>, version = 0x30000): Buffer {
  const body = Buffer.concat([
    int32(version),
    ...Object.entries(parameters).flatMap(([name, value]) => [toBytes(name), toBytes(value)]),
    Buffer.from([0]),
  ]);
  return Buffer.concat([int32(body.length + 4), body]);
}

/** A message as a raw client reads it. */
export interface Message {
  readonly type: string;
  readonly body: Buffer;
}

/** A client that says exactly what a test tells it to. */
export interface RawClient {
  readonly socket: Duplex;
  send(...bytes: readonly Buffer[]): void;
  /** The next message; undefined once the connection is closed. */
  next(): Promise<Message | undefined>;
  /** Messages up to a type, or to the end. */
  until(type: string): Promise<readonly Message[]>;
  /** `until`, in short: types, with the SQLSTATE of errors: `C Z`, `E42501 Z`. */
  answers(type?: string): Promise<string>;
  /** The one byte that answers an encryption request. */
  byte(): Promise<string>;
  logIn(options?: {
    user?: string;
    database?: string;
    secret?: string;
    parameters?: Record<string, string>;
  }): Promise<readonly Message[]>;
  close(): void;
}

export function errorOf(message: Message | undefined): { severity: string; code: string; message: string } {
  if (message?.type !== "E") throw new Error(`expected an error, got ${message?.type ?? "the end"}`);
  return decodeFields(message.body, 0, message.body.length);
}

export function wrap(socket: Duplex): RawClient {
  let bytes = Buffer.alloc(0);
  let closed = false;
  let wake: (() => void) | undefined;
  const onData = (chunk: Buffer): void => {
    bytes = Buffer.concat([bytes, chunk]);
    wake?.();
  };
  const end = (): void => {
    closed = true;
    wake?.();
  };
  socket.on("data", onData);
  socket.on("close", end);
  socket.on("end", end);
  socket.on("error", end);
  const more = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
    });
  const take = async (count: () => number | undefined): Promise<Buffer | undefined> => {
    for (;;) {
      const want = count();
      if (want !== undefined && bytes.length >= want) {
        const taken = bytes.subarray(0, want);
        bytes = bytes.subarray(want);
        return taken;
      }
      if (closed) return undefined;
      await more();
    }
  };
  const client: RawClient = {
    socket,
    send: (...all) => void socket.write(Buffer.concat(all)),
    async next() {
      const message = await take(() => (bytes.length < 5 ? undefined : 1 + u32(bytes, 1)));
      if (message === undefined) return undefined;
      return { type: message.toString("latin1", 0, 1), body: message.subarray(5) };
    },
    async until(type) {
      const all: Message[] = [];
      for (;;) {
        const message = await client.next();
        if (message === undefined) return all;
        all.push(message);
        if (message.type === type) return all;
      }
    },
    async answers(type = "Z") {
      const all = await client.until(type);
      return all
        .map((message) => (message.type === "E" ? `E${errorOf(message).code}` : message.type))
        .join(" ");
    },
    async byte() {
      return (await take(() => 1))?.toString("latin1") ?? "";
    },
    async logIn({ user = testGrant, database = "shop", secret = testSecret, parameters = {} } = {}) {
      client.send(startup({ user, database, ...parameters }));
      await client.next();
      const bare = "n=,r=abcdefghijklmnopqrstuvwx";
      const first = Buffer.from(`n,,${bare}`);
      client.send(frame("p", "SCRAM-SHA-256", int32(first.length), first));
      const challenge = await client.next();
      const serverFirst = challenge?.body.toString("utf8", 4) ?? "";
      const [, nonce = "", salt = "", count = ""] = /^r=([^,]*),s=([^,]*),i=(\d+)$/.exec(serverFirst) ?? [];
      const salted = pbkdf2Sync(secret, Buffer.from(salt, "base64"), Number(count), 32, "sha256");
      const hmac = (key: Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();
      const clientKey = hmac(salted, "Client Key");
      const stored = createHash("sha256").update(clientKey).digest();
      const withoutProof = `c=biws,r=${nonce}`;
      const signature = hmac(stored, `${bare},${serverFirst},${withoutProof}`);
      const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] ?? 0)));
      client.send(frame("p", Buffer.from(`${withoutProof},p=${proof.toString("base64")}`)));
      return client.until("Z");
    },
    close: () => void socket.destroy(),
  };
  return client;
}

export async function dial(port: number): Promise<RawClient> {
  const socket = connect(port, "127.0.0.1");
  await new Promise((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  return wrap(socket);
}

/** A client under direct TLS. */
export async function dialTls(port: number, ca: string, alpn: readonly string[]): Promise<RawClient> {
  const socket = connectTls({
    port,
    host: "127.0.0.1",
    ca,
    servername: "localhost",
    ALPNProtocols: [...alpn],
  });
  await new Promise((resolve) => {
    socket.once("secureConnect", resolve);
    socket.once("close", resolve);
    socket.once("error", resolve);
  });
  return wrap(socket);
}
