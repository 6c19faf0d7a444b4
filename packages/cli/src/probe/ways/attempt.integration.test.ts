// tier: full
import { createServer as createWeb } from "node:http";
import { connect, createServer, type Server } from "node:net";
import { createServer as createTls, type TlsOptions } from "node:tls";
import { makeCertificate } from "@mayfly/testing/cluster.ts";
import { beforeAll, describe, expect, test } from "vitest";
import { useServers } from "../testing/servers.ts";
import { attempt, type Place } from "./attempt.ts";
import { outcomes } from "./finding.ts";
import { addressesHere } from "./lookup.ts";
import { socksAddress } from "./proxy.ts";

// Servers that behave as what a probe meets: the right ones, and those that answer for them.

/** A step that ends because the other side is silent ends after this; nothing here is measured. */
const MS = 300;
/** What ends because something is said may take as long as it likes. */
const LONG_MS = 60_000;

const { listen, serve, keep } = useServers();
let pem: { readonly certificate: string; readonly key: string };

beforeAll(async () => {
  pem = await makeCertificate();
});

/** Answers each chunk. */
const answering = (answer: (chunk: Buffer) => Buffer | string): Promise<number> =>
  serve((socket) => void socket.on("data", (chunk: Buffer) => void socket.write(answer(chunk))));

const silent = (): Promise<number> => serve(() => undefined);
const closing = (): Promise<number> => serve((socket) => void socket.once("data", () => socket.destroy()));
const resetting = (): Promise<number> =>
  serve((socket) => void socket.once("data", () => socket.resetAndDestroy()));

const web = (status: number): Promise<number> =>
  listen(createWeb((_, response) => response.writeHead(status).end()));

const secure = (options: TlsOptions = {}, answer = "HTTP/1.1 401 Unauthorized\r\n\r\n"): Promise<number> =>
  listen(
    createTls({ cert: pem.certificate, key: pem.key, ...options }, (socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => socket.end(answer));
    }).on("tlsClientError", () => undefined),
  );

/** Nobody listens there. */
async function nobody(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const place = (port: number, speaks: Place["speaks"], more: Partial<Place> = {}): Place => ({
  host: "127.0.0.1",
  port,
  speaks,
  logins: [{ user: "mayfly", database: "shop" }, { user: "probe_1", database: "shop" }, { user: "mayfly" }],
  ...more,
});

const authentication = (kind: number): Buffer => {
  const message = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0]);
  message.writeInt32BE(kind, 5);
  return message;
};

const rejection = ((): Buffer => {
  const body = Buffer.from("SFATAL\0C28000\0Mno pg_hba.conf entry\0RClientAuthentication\0\0");
  const head = Buffer.from([0x45, 0, 0, 0, 0]);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
})();

/** A database without TLS that answers a role. */
const database = (answer: (user: string, what: string) => Buffer | string): Promise<number> =>
  answering((chunk) => {
    if (chunk.length === 8) return "N";
    // Names and values, each with a zero behind it, and one more.
    const [, user = "", what = "", ...rest] = chunk.subarray(8).toString().split("\0");
    if (rest.length % 2 !== 1 || rest.slice(-2).join("") !== "") return "not PostgreSQL's";
    return answer(user, what);
  });

async function found(to: Place, ms = LONG_MS, proxy?: URL): Promise<string> {
  const finding = await attempt(to, proxy, ms);
  return `${finding.found}, ${outcomes[finding.found]}`;
}

describe("a database", () => {
  test("is open once one role is asked for a password, and closed when pg_hba.conf rejects all", async () => {
    const one = await database((user) => (user === "probe_1" ? authentication(10) : rejection));
    expect(await found(place(one, "postgres"))).toBe("answered, open");
    const none = await database(() => rejection);
    expect(await found(place(none, "postgres"))).toBe("rejected, closed");
  });

  test("is undecided when one role met another fate than the others, none of them open", async () => {
    const port = await database((user) =>
      user === "probe_1" ? Buffer.from("HTTP/1.1 400\r\n\r\n") : rejection,
    );
    expect(await found(place(port, "postgres"))).toBe("other, undecided");
  });

  test("is open to a login for replication alone, which reads every database", async () => {
    const port = await database((user, what) => (what === "replication" ? authentication(10) : rejection));
    expect(await found(place(port, "postgres"))).toBe("answered, open");
  });

  test("is undecided when there are more logins than were tried", async () => {
    const port = await database(() => rejection);
    expect(await found(place(port, "postgres", { isCut: true }))).toBe("other, undecided");
  });

  test("is undecided when it takes connections, and then none", async () => {
    let server: Server;
    const port = await listen(
      (server = createServer((socket) => {
        server.close();
        socket.once("data", () => socket.end("N"));
      })),
    );
    expect(await found(place(port, "postgres"))).toBe("other, undecided");
  });

  test("is open without TLS although pg_hba.conf rejects all with it", async () => {
    const port = await serve((socket) => {
      socket.once("data", (chunk: Buffer) => {
        if (chunk.length !== 8) {
          socket.write(authentication(3));
          return;
        }
        socket.write("S");
        const under = createTls({ cert: pem.certificate, key: pem.key });
        under.on("secureConnection", (over) => void over.on("data", () => over.write(rejection)));
        under.emit("connection", socket);
      });
    });
    expect(await found(place(port, "postgres"))).toBe("answered, open");
  });

  test.each([
    ["silent", silent, MS, "silent, undecided"],
    ["one that ends", closing, LONG_MS, "reset, undecided"],
    ["one that resets", resetting, LONG_MS, "reset, undecided"],
    ["one that speaks something else", () => answering(() => "SSH-2.0-x\r\n"), LONG_MS, "reset, undecided"],
    ["nobody", nobody, LONG_MS, "refused, closed"],
    [
      "a flood without an end",
      () => answering(() => Buffer.alloc(1_000_000, "N")),
      LONG_MS,
      "other, undecided",
    ],
  ])("that is %s is never called closed out of doubt", async (_, make, ms, expected) => {
    expect(await found(place(await make(), "postgres"), ms)).toBe(
      // "S" of SSH is taken for a yes to TLS, whose handshake then fails.
      expected === "reset, undecided" && make.toString().includes("SSH") ? "other, undecided" : expected,
    );
  });
});

test("a host that stood still takes no way for closed that was answered meanwhile", async () => {
  const tried = found(place(await web(200), "http"), 1);
  // Timer and connection are both due when it goes on.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  expect(await tried).not.toBe("timeout, closed");
});

describe("an API", () => {
  test.each([200, 302, 401, 403, 503])("that answers %i is open", async (status) => {
    expect(await found(place(await web(status), "http"))).toBe("answered, open");
  });

  test("over TLS is open, whoever's certificate it shows and whatever it says", async () => {
    expect(await found(place(await secure(), "https"))).toBe("answered, open");
    expect(await found(place(await secure({}, "garbage"), "https"))).toBe("answered, open");
  });

  test("that takes nobody without a client certificate is closed", async () => {
    const options = { requestCert: true, rejectUnauthorized: true, minVersion: "TLSv1.3" } as const;
    expect(await found(place(await secure(options), "https"))).toBe("rejected, closed");
  });

  test.each([
    ["silent", silent, MS, "silent, undecided"],
    ["one that ends", closing, LONG_MS, "reset, undecided"],
    ["one that resets", resetting, LONG_MS, "reset, undecided"],
    [
      "one without TLS",
      () => answering(() => "HTTP/1.1 400 Bad Request\r\n\r\n"),
      LONG_MS,
      "other, undecided",
    ],
    ["nobody", nobody, LONG_MS, "refused, closed"],
  ])("behind %s is never called closed out of doubt", async (_, make, ms, expected) => {
    expect(await found(place(await make(), "https"), ms)).toBe(expected);
  });
});

describe("a proxy", () => {
  /** Takes CONNECT, and joins or answers. */
  const connecting = (status: number): Promise<number> =>
    serve((socket) => {
      socket.once("data", (chunk: Buffer) => {
        const [, port] = /^CONNECT 127\.0\.0\.1:(\d+) /.exec(chunk.toString()) ?? [];
        if (status !== 200) {
          socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
          return;
        }
        const to = connect(Number(port), "127.0.0.1", () => {
          socket.write("HTTP/1.1 200 Connected\r\n\r\n");
          socket.pipe(to).pipe(socket);
        });
        keep(to);
        to.on("error", () => socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n"));
      });
    });

  test("that leads to a target is open", async () => {
    const [target, proxy] = [await database(() => authentication(10)), await connecting(200)];
    expect(await found(place(target, "postgres"), LONG_MS, new URL(`http://127.0.0.1:${proxy}`))).toBe(
      "answered, open",
    );
    const cluster = await secure();
    expect(await found(place(cluster, "https"), LONG_MS, new URL(`http://127.0.0.1:${proxy}`))).toBe(
      "answered, open",
    );
  });

  test("that reaches nobody there, or refuses, is closed; that says anything else is not", async () => {
    const to = place(await nobody(), "https");
    const by = async (status: number): Promise<string> =>
      found(to, LONG_MS, new URL(`http://127.0.0.1:${await connecting(status)}`));
    expect(await by(200)).toBe("unreachable, closed");
    expect(await by(403)).toBe("rejected, closed");
    expect(await by(401)).toBe("other, undecided");
    expect(await by(407)).toBe("other, undecided");
    expect(await by(504)).toBe("unreachable, closed");
    expect(await by(503)).toBe("other, undecided");
    expect(await by(500)).toBe("other, undecided");
    expect(await found(to, LONG_MS, new URL("ftp://127.0.0.1:21"))).toBe("other, undecided");
    expect(await found(to, LONG_MS, new URL(`http://127.0.0.1:${await nobody()}`))).toBe("refused, closed");
  });

  test.each([
    ["404 Not Found", "answered, open"],
    ["500 Internal Server Error", "answered, open"],
    // The target's own word, or the proxy's.
    ["401 Unauthorized", "other, undecided"],
    ["403 Forbidden", "other, undecided"],
    ["502 Bad Gateway", "other, undecided"],
    ["407 Proxy Authentication Required", "other, undecided"],
  ])("that opens no tunnel, and fetches the page with %s: %s", async (status, expected) => {
    const proxy = await answering((chunk) =>
      chunk.toString().startsWith("GET http://127.0.0.1:")
        ? `HTTP/1.1 ${status}\r\n\r\n`
        : "HTTP/1.1 403 Forbidden\r\n\r\n",
    );
    const to = place(await nobody(), "http");
    expect(await found(to, LONG_MS, new URL(`http://127.0.0.1:${proxy}`))).toBe(expected);
  });

  test("that opens no tunnel, and says nothing of the page, is undecided", async () => {
    const proxy = await serve((socket) => {
      socket.once("data", (chunk: Buffer) => {
        if (chunk.toString().startsWith("CONNECT")) socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
      });
    });
    const to = place(await nobody(), "http");
    expect(await found(to, MS, new URL(`http://127.0.0.1:${proxy}`))).toBe("silent, undecided");
  });

  test("without a name here is closed with it", async () => {
    const to = place(await nobody(), "http");
    expect(await found(to, LONG_MS, new URL("http://proxy.invalid:3128"))).toMatch(
      /^(no_name, closed|other, undecided)$/,
    );
  });

  test("of SOCKS is asked with its password, and its answer counts", async () => {
    const target = await database(() => authentication(10));
    const socks = (reply: number): Promise<number> =>
      serve((socket) => {
        let step = 0;
        socket.on("data", (chunk: Buffer) => {
          step += 1;
          if (step === 1) socket.write(Buffer.from([5, 2]));
          else if (step === 2)
            socket.write(Buffer.from([1, chunk.equals(Buffer.from("\u0001\u0001u\u0002p@")) ? 0 : 1]));
          else if (step === 3) {
            socket.write(Buffer.from([5, reply, 0, 1, 0, 0, 0, 0, 0, 0]));
            if (reply !== 0) return;
            socket.removeAllListeners("data");
            const to = connect(target, "127.0.0.1");
            keep(to);
            socket.pipe(to).pipe(socket);
          }
        });
      });
    const by = async (reply: number, login = "u:p%40@"): Promise<string> =>
      found(place(target, "postgres"), LONG_MS, new URL(`socks5://${login}127.0.0.1:${await socks(reply)}`));
    expect(await by(0)).toBe("answered, open");
    expect(await by(2)).toBe("rejected, closed");
    expect(await by(4)).toBe("unreachable, closed");
    expect(await by(5)).toBe("refused, closed");
    expect(await by(1)).toBe("other, undecided");
    expect(await by(0, "u:wrong@")).toBe("rejected, closed");
    const picky = await answering(() => Buffer.from([5, 0xff]));
    expect(await found(place(target, "postgres"), LONG_MS, new URL(`socks5://127.0.0.1:${picky}`))).toBe(
      "other, undecided",
    );
  });
});

test.each([
  ["10.0.0.9", [1, 10, 0, 0, 9]],
  ["::1", [4, ...Array.from({ length: 15 }, () => 0), 1]],
  ["fd77::10", [4, 0xfd, 0x77, ...Array.from({ length: 12 }, () => 0), 0, 0x10]],
  ["::ffff:10.0.0.9", [4, ...Array.from({ length: 10 }, () => 0), 0xff, 0xff, 10, 0, 0, 9]],
  ["db", [3, 2, 0x64, 0x62]],
])("SOCKS is told %s as its kind of address", (host, bytes) => {
  expect([...socksAddress({ host, port: 5432 })]).toEqual([5, 1, 0, ...bytes, 0x15, 0x38]);
});

test("a name has the addresses that this host gives it", async () => {
  expect(await addressesHere("127.0.0.9", LONG_MS)).toEqual({ addresses: ["127.0.0.9"] });
  expect(await addressesHere("localhost", LONG_MS)).toMatchObject({
    addresses: expect.arrayContaining(["127.0.0.1"]) as unknown,
  });
});
