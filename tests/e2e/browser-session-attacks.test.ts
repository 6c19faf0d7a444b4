// tier: full
import { readFileSync } from "node:fs";
import type { IncomingHttpHeaders } from "node:http";
import { request } from "node:https";
import { connect } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { roleTable } from "../../packages/gateway/src/api/roles.ts";
import { call } from "@mayfly/testing/api.ts";
import { startWorld, verifyLog, type World } from "@mayfly/testing/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld({ store: "sqlite" });
});
afterAll(() => world.stop());

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly code: unknown;
}

/** One request, to the letter: nothing is added, and nothing is followed. */
function send(
  method: string,
  path: string,
  headers: Readonly<Record<string, string | readonly string[]>> = {},
  body?: string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(world.gateway.url);
    const outgoing = request(
      {
        host: "localhost",
        port,
        method,
        path,
        ca: readFileSync(world.gateway.caFile),
        agent: false,
        ...somewhere(),
        headers: headers as Record<string, string | string[]>,
      },
      (incoming) => {
        let text = "";
        incoming.setEncoding("utf8").on("data", (part: string) => (text += part));
        incoming.once("end", () => {
          const isProblem = incoming.headers["content-type"]?.startsWith("application/problem+json") === true;
          const code = isProblem ? (JSON.parse(text) as { code?: unknown }).code : undefined;
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text, code });
        });
      },
    );
    outgoing.once("error", reject);
    outgoing.end(body);
  });
}

let sent = 0;

/** An address of this machine to come from: another one every 200 requests, since each has its own bound. */
function somewhere(): { readonly family: 4; readonly localAddress: string } {
  sent += 1;
  return { family: 4, localAddress: `127.0.1.${1 + Math.floor(sent / 200)}` };
}

/** What a browser keeps after a sign-in. */
interface SignedIn {
  readonly cookie: string;
  readonly csrf: string;
}

const cookiesOf = ({ headers }: Answer): Map<string, string> =>
  new Map(
    (headers["set-cookie"] ?? []).map((line) => {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      return [name, value];
    }),
  );

async function signIn(login: string): Promise<SignedIn> {
  const begun = await send("GET", "/sign-in/oidc");
  const back = await world.okta.signIn(String(begun.headers.location), login);
  const { pathname, search } = new URL(back);
  const binding = cookiesOf(begun).get("__Host-mayfly-sign-in") ?? "";
  const done = await send("GET", pathname + search, { cookie: `__Host-mayfly-sign-in=${binding}` });
  const cookie = `__Host-mayfly=${cookiesOf(done).get("__Host-mayfly") ?? ""}`;
  const session = await send("GET", "/v1/session", { cookie });
  return { cookie, csrf: (JSON.parse(session.text) as { csrf: string }).csrf };
}

/** Every endpoint, its parameters filled with what has their form and names nothing. */
const endpoints = Object.entries(roleTable).map(([id, row]) => {
  const [method = "", path = ""] = id.split(" ");
  const filled = path
    .replace("/requests/{id}", "/requests/req_aaaaaaaaaaaaaaaa")
    .replace("/grants/{id}", "/grants/gr_aaaaaaaaaaaaaaaa")
    .replace("/sessions/{id}", "/sessions/bs_aaaaaaaaaaaaaaaa")
    .replace("/deliveries/{id}", "/deliveries/dlv_aaaaaaaaaaaaaaaa")
    .replace("{file}", "none.js");
  return { id, method, path: filled, isOpen: row === "open" };
});

describe("a session's cookie in another site's hands", () => {
  let olga: SignedIn;
  let rosa: SignedIn;
  beforeAll(async () => {
    olga = await signIn("olga@example.com");
    rosa = await signIn("rosa@example.com");
  });

  const unsafe = endpoints.filter(
    ({ method, path, isOpen }) => method !== "GET" && !isOpen && path !== "/mcp",
  );
  const types = [
    undefined,
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/json",
  ];

  test.each([
    ["no Origin", () => ({ "x-mayfly-csrf": olga.csrf })],
    ["Origin: null", () => ({ origin: "null", "x-mayfly-csrf": olga.csrf })],
    ["another port's Origin", () => ({ origin: "https://localhost:1", "x-mayfly-csrf": olga.csrf })],
    ["an Origin with a path", () => ({ origin: `${world.gateway.url}/`, "x-mayfly-csrf": olga.csrf })],
    ["two Origins", () => ({ origin: [world.gateway.url, world.gateway.url], "x-mayfly-csrf": olga.csrf })],
    ["no csrf", () => ({ origin: world.gateway.url })],
    ["an empty csrf", () => ({ origin: world.gateway.url, "x-mayfly-csrf": "" })],
    ["another session's csrf", () => ({ origin: world.gateway.url, "x-mayfly-csrf": rosa.csrf })],
    [
      "a sibling site's Sec-Fetch-Site",
      () => ({ origin: world.gateway.url, "x-mayfly-csrf": olga.csrf, "sec-fetch-site": "same-site" }),
    ],
  ])("changes nothing at any endpoint, whatever the body's type: %s", async (_what, headers) => {
    // Agents' own protocol takes no cookie at all.
    const mcp = await send("POST", "/mcp", { cookie: olga.cookie, ...headers() }, "{}");
    expect(mcp.status).toBe(401);
    const wrong: unknown[] = [];
    for (const { id, method, path } of unsafe) {
      for (const type of method === "DELETE" ? [undefined] : types) {
        const answer = await send(
          method,
          path,
          { cookie: olga.cookie, ...headers(), ...(type === undefined ? {} : { "content-type": type }) },
          type === undefined ? undefined : '{"reason":"x"}',
        );
        if (answer.status !== 403 || answer.code !== "csrf")
          wrong.push([id, type, answer.status, answer.code]);
      }
    }
    expect(wrong).toEqual([]);
  });
});

test("another site's page reads nothing, by any endpoint", async () => {
  const { cookie } = await signIn("olga@example.com");
  const wrong: unknown[] = [];
  for (const { id, path } of endpoints.filter(({ method, isOpen }) => method === "GET" && !isOpen)) {
    for (const site of ["cross-site", "same-site"]) {
      for (const mode of ["no-cors", "cors", "websocket", undefined]) {
        const answer = await send("GET", path, {
          cookie,
          "sec-fetch-site": site,
          ...(mode === undefined ? {} : { "sec-fetch-mode": mode }),
        });
        if (answer.code !== "csrf") wrong.push([id, site, mode, answer.status, answer.code]);
      }
    }
  }
  expect(wrong).toEqual([]);
});

/** What MCP clients' pages and editors read without credentials: where to sign in, their registration, the schemas. */
const forEverybody = /^(?:GET \/\.well-known\/oauth-|GET \/schema\/|POST \/oauth\/register$)/;

test("every answer of every endpoint forbids framing, sniffing, storing and reading by others", async () => {
  const { cookie } = await signIn("olga@example.com");
  const wrong: unknown[] = [];
  for (const { id, method, path } of endpoints.filter((one) => one.id !== "GET /v1/events")) {
    for (const headers of [{}, { cookie }, { origin: "https://evil.test" }]) {
      const answer = await send(method, path, headers);
      const { headers: got } = answer;
      const policy = String(got["content-security-policy"]);
      const shared = Object.entries(got).filter(([name]) => name.startsWith("access-control-"));
      const isSafe =
        policy.startsWith("default-src 'none'") &&
        policy.includes("frame-ancestors 'none'") &&
        !policy.includes("unsafe") &&
        got["x-content-type-options"] === "nosniff" &&
        got["x-frame-options"] === "DENY" &&
        got["referrer-policy"] === "no-referrer" &&
        got["cross-origin-resource-policy"] === "same-origin" &&
        shared.every(
          ([name, value]) => forEverybody.test(id) && name.endsWith("-allow-origin") && value === "*",
        );
      const cache = String(got["cache-control"]);
      const isPage = answer.status === 200 && policy.includes("script-src 'self'");
      if (!isSafe || (!isPage && cache !== "no-store")) wrong.push([id, answer.status, cache, policy]);
    }
  }
  expect(wrong).toEqual([]);
});

test("no spelling of a path reaches what it does not name", async () => {
  const { cookie } = await signIn("olga@example.com");
  const paths = [
    "/assets/..%2f..%2fpackage.json",
    "/assets/%2e%2e%2findex.html",
    "/assets/../index.html",
    "/assets/..\\index.html",
    "/assets/%00",
    "/assets/__proto__",
    "/assets/constructor",
    "//v1/me",
    "/v1//me",
    "/V1/me",
    "/v1/me/",
    "/v1/me%2f",
    "/v1/me%00",
    "/v1/me;a=b",
    "/v1/%6de",
    "/./v1/me",
    "/inbox/../v1/me",
    "/inbox/..%2fv1%2fme",
    "https://evil.test/v1/me",
    "*",
  ];
  const seen = await Promise.all(
    paths.map(async (path) => {
      const answer = await send("GET", path, { cookie });
      return [path, answer.text.includes("olga@example.com")];
    }),
  );
  // Only other spellings of that very path: RFC 9112, section 3.2.2 has servers take the absolute form.
  expect(seen.filter(([, shown]) => shown)).toEqual([
    ["/v1/%6de", true],
    ["https://evil.test/v1/me", true],
  ]);
  const missing = await Promise.all(paths.slice(0, 7).map(async (path) => (await send("GET", path)).status));
  expect(missing.every((status) => status === 404 || status === 400)).toBe(true);
});

test("a session is its cookie alone: not two of them, not with a token, not by another name", async () => {
  const { cookie } = await signIn("olga@example.com");
  const value = cookie.slice("__Host-mayfly=".length);
  const token = await world.agentToken();
  const me = async (headers: Record<string, string | readonly string[]>): Promise<unknown> => {
    const { status, code } = await send("GET", "/v1/me", headers);
    return `${status} ${String(code)}`;
  };
  expect(await me({ cookie })).toBe("200 undefined");
  expect(await me({ cookie: `${cookie}; __Host-mayfly=${"A".repeat(43)}` })).toBe("400 malformed_request");
  expect(await me({ cookie: [`__Host-mayfly=${"A".repeat(43)}`, cookie] })).toBe("400 malformed_request");
  expect(await me({ cookie, authorization: `Bearer ${token}` })).toBe("400 two_credentials");
  expect(await me({ cookie, authorization: "" })).toBe("400 two_credentials");
  for (const other of ["__host-mayfly", "mayfly", "__Secure-mayfly"]) {
    expect(await me({ cookie: `${other}=${value}` })).toBe("401 token_missing");
  }
  expect(await me({ cookie: `__Host-mayfly="${value}"` })).toBe("401 not_signed_in");
  expect(await me({ authorization: `Bearer ${value}` })).toMatch(/^401 /);
});

describe("a sign-in", () => {
  const begin = async (method: "oidc" | "saml"): Promise<{ state: string; binding: string; to: string }> => {
    const begun = await send("GET", `/sign-in/${method}`);
    const to = String(begun.headers.location);
    const { searchParams } = new URL(to);
    return {
      state: searchParams.get("state") ?? searchParams.get("RelayState") ?? "",
      binding: `__Host-mayfly-sign-in=${cookiesOf(begun).get("__Host-mayfly-sign-in") ?? ""}`,
      to,
    };
  };
  const form = { "content-type": "application/x-www-form-urlencoded" };
  const end = ({ status, headers }: Answer): string => `${status} ${String(headers.location)}`;

  test("begun in one way does not end in the other", async () => {
    const oidc = await begin("oidc");
    const posted = await send(
      "POST",
      "/sign-in/saml/acs",
      { cookie: oidc.binding, ...form },
      new URLSearchParams({ RelayState: oidc.state, SAMLResponse: "PHg+" }).toString(),
    );
    expect(end(posted)).toBe("303 /sign-in?problem=expired");
    const saml = await begin("saml");
    const called = await send("GET", `/sign-in/oidc/callback?state=${saml.state}&code=x`, {
      cookie: saml.binding,
    });
    expect(end(called)).toBe("303 /sign-in?problem=expired");
    expect([...cookiesOf(posted).keys(), ...cookiesOf(called).keys()]).not.toContain("__Host-mayfly");
  });

  test("does not take another browser's code for its own", async () => {
    const [mine, theirs] = [await begin("oidc"), await begin("oidc")];
    const back = new URL(await world.okta.signIn(theirs.to, "ada@example.com"));
    back.searchParams.set("state", mine.state);
    const swapped = await send("GET", back.pathname + back.search, { cookie: mine.binding });
    expect(end(swapped)).toBe("303 /sign-in?problem=not_verified");
    expect(cookiesOf(swapped).has("__Host-mayfly")).toBe(false);
  });

  test("leads nowhere else, whatever `return` says", async () => {
    const wanted = [
      "//evil.test",
      "/\\evil.test",
      "https://evil.test",
      "/%0d%0aSet-Cookie:x=y",
      "/..//evil.test",
      "/sign-in",
      "/v1/me",
      "javascript:alert(1)",
      "/\t/evil.test",
    ];
    for (const to of wanted) {
      const begun = await send("GET", `/sign-in/oidc?return=${encodeURIComponent(to)}`);
      const back = new URL(await world.okta.signIn(String(begun.headers.location), "nils@example.com"));
      const done = await send("GET", back.pathname + back.search, {
        cookie: `__Host-mayfly-sign-in=${cookiesOf(begun).get("__Host-mayfly-sign-in") ?? ""}`,
      });
      const { origin } = new URL(String(done.headers.location), world.gateway.url);
      expect([to, done.status, origin]).toEqual([to, 303, world.gateway.url]);
      expect(String(done.headers.location)).not.toMatch(/evil\.test$|^\/(sign-in|v1)/);
      expect([...cookiesOf(done).keys()].toSorted()).toEqual(["__Host-mayfly", "__Host-mayfly-sign-in"]);
    }
  });

  test("replaces the session that the browser had, and no other", async () => {
    const before = await signIn("rosa@example.com");
    const elsewhere = await signIn("rosa@example.com");
    const begun = await send("GET", "/sign-in/oidc", { cookie: before.cookie });
    const back = new URL(await world.okta.signIn(String(begun.headers.location), "ravi@example.com"));
    const binding = `__Host-mayfly-sign-in=${cookiesOf(begun).get("__Host-mayfly-sign-in") ?? ""}`;
    const done = await send("GET", back.pathname + back.search, { cookie: `${binding}; ${before.cookie}` });
    const now = cookiesOf(done).get("__Host-mayfly") ?? "";
    expect(before.cookie).not.toContain(now);
    expect((await send("GET", "/v1/session", { cookie: before.cookie })).status).toBe(401);
    expect((await send("GET", "/v1/session", { cookie: elsewhere.cookie })).status).toBe(200);
  });
});

test("what a reviewer and a bystander are told holds no statement, no way in and nobody else's session", async () => {
  const rosa = await signIn("rosa@example.com");
  const nils = await signIn("nils@example.com");
  const agent = await world.agentToken();
  const ask = { connection: "orders-db", operations: ["read-orders"], reason: "TICKET-7 secret-reason" };
  const { body } = await call(world.gateway, agent, "POST", "/v1/requests", ask);
  const { id, grant: made } = body as { id: string; grant: { id: string } };
  const grant = made.id;
  const read = async (who: SignedIn, path: string): Promise<Answer> =>
    send("GET", path, { cookie: who.cookie });
  for (const path of [
    "/v1/requests?all=true",
    "/v1/grants?all=true",
    "/v1/sessions?all=true",
    `/v1/grants/${grant}`,
  ]) {
    expect([path, (await read(nils, path)).status >= 400]).toEqual([path, true]);
  }
  for (const path of ["/v1/grants?all=true", "/v1/sessions?all=true", `/v1/grants/${grant}`]) {
    expect([path, (await read(rosa, path)).status >= 400]).toEqual([path, true]);
  }
  expect((await read(nils, `/v1/requests/${id}`)).status).toBe(404);
  const own = await read(rosa, "/v1/sessions");
  expect(own.text).not.toMatch(/olga|nils|ada/);
  const secret = await send("POST", `/v1/grants/${grant}/secret`, {
    cookie: rosa.cookie,
    origin: world.gateway.url,
    "x-mayfly-csrf": rosa.csrf,
  });
  expect(secret.status).toBe(404);
});

test("streams are bounded for one person, and one that is closed makes room", async () => {
  const { cookie } = await signIn("ravi@example.com");
  const open = (): Promise<{ status: number; close(): void }> =>
    new Promise((resolve, reject) => {
      const { port } = new URL(world.gateway.url);
      const outgoing = request(
        {
          host: "localhost",
          port,
          path: "/v1/events",
          ca: readFileSync(world.gateway.caFile),
          agent: false,
          ...somewhere(),
          headers: { cookie },
        },
        (incoming) => {
          incoming.resume();
          resolve({ status: incoming.statusCode ?? 0, close: () => outgoing.destroy() });
        },
      );
      outgoing.on("error", reject);
      outgoing.end();
    });
  const streams: Awaited<ReturnType<typeof open>>[] = [];
  for (let i = 0; i < 10; i += 1) streams.push(await open());
  expect(streams.map(({ status }) => status)).toEqual([...Array(8).fill(200), 429, 429]);
  for (const { close } of streams) close();
  await expect
    .poll(async () => {
      const again = await open();
      again.close();
      return again.status;
    })
    .toBe(200);
});

test("a request is no request when its framing is two", async () => {
  const raw = (bytes: string): Promise<string> =>
    new Promise((resolve, reject) => {
      let text = "";
      const socket = connect(
        {
          host: "127.0.0.1",
          port: Number(new URL(world.gateway.url).port),
          ca: readFileSync(world.gateway.caFile),
          servername: "localhost",
          ...somewhere(),
        },
        () => socket.write(bytes),
      );
      socket.setEncoding("utf8").on("data", (part: string) => (text += part));
      socket.once("close", () => resolve(text));
      socket.once("error", reject);
      socket.setTimeout(2000, () => socket.destroy());
    });
  const { cookie, csrf } = await signIn("nils@example.com");
  const head = `Host: localhost\r\nCookie: ${cookie}\r\nx-mayfly-csrf: ${csrf}\r\nOrigin: ${world.gateway.url}\r\n`;
  const inner = `GET /v1/me HTTP/1.1\r\n${head}\r\n`;
  const tries = [
    `POST /slack/interactions HTTP/1.1\r\n${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner}`,
    `GET /inbox HTTP/1.1\r\n${head}Content-Length: ${inner.length}\r\n\r\n${inner}`,
    `POST /sign-in/saml/acs HTTP/1.1\r\n${head}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n${inner}`,
    `POST /sign-in/saml/acs HTTP/1.1\r\n${head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${inner}`,
    `GET /inbox HTTP/1.1\r\n${head}Content-Length: 0\r\nContent-Length: 10\r\n\r\n${inner}`,
    `GET /inbox HTTP/1.1\r\n${head}Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n${inner}`,
    `GET /inbox HTTP/1.1\nHost: localhost\n\n${inner}`,
  ];
  for (const bytes of tries) {
    const answer = await raw(bytes);
    expect([bytes.slice(0, 60), answer.includes("nils@example.com")]).toEqual([bytes.slice(0, 60), false]);
  }
});

test("after all of this the log verifies", () => {
  expect(verifyLog(world)).toMatchObject({ code: 0 });
});
