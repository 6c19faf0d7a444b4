import { spawn } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type FakeApi, type Fakes, startFakeApi } from "@mayfly/testing/fake-api.ts";
import { createMayfly, type Mayfly, MayflyError } from "./index.ts";
import { postgresOptions } from "./postgres-options.ts";
import { withGrant } from "./with-grant.ts";

let all: Fakes;
let api: FakeApi;
let url: string;
let agent: Mayfly;
let reviewer: Mayfly;

beforeEach(async () => {
  api = await startFakeApi();
  ({ all, url } = api);
  agent = createMayfly({ url, token: "token-agent" });
  reviewer = createMayfly({ url, token: async () => "token-reviewer" });
});

afterEach(async () => {
  await api.close();
});

const read = { connection: "orders-db", operations: ["read-orders"], reason: "TICKET-1" };
const refund = { ...read, operations: ["refund-order"] };
const states = (): string[] => [...all.grants.store.grants.values()].map(({ state }) => state);
const requestStates = (): string[] => [...all.grants.store.requests.values()].map(({ state }) => state);

async function failure(promise: Promise<unknown>): Promise<MayflyError> {
  return promise.then(
    () => {
      throw new Error("it should have failed");
    },
    (thrown: unknown) => thrown as MayflyError,
  );
}

describe("createMayfly", () => {
  it("lists, requests, shows and releases", async () => {
    expect((await agent.operations()).map(({ name }) => name)).toEqual([
      "orders-db/read-orders",
      "orders-db/refund-order",
    ]);
    const request = await agent.request({ ...read, ttl: "1m" });
    expect(request.grant?.access?.secret).toMatch(/^[0-9a-z]{32}$/);
    expect((await agent.grants({ state: "active" })).length).toBe(1);
    expect((await agent.release(request.grant_id!)).state).toBe("released");
    expect((await agent.me()).name).toBe("support-bot");
  });

  it.each(["", "/", "/gateway"])(
    "sends a token to the URL's own host, whatever its path: %s",
    async (path) => {
      const asked: string[] = [];
      const servers = ["gateway", "other"].map((name) =>
        createServer((request, response) => {
          asked.push(`${name} ${request.url ?? ""}`);
          response.setHeader("content-type", "application/json").end("{}");
        }),
      );
      const at = await Promise.all(
        servers.map(async (server) => {
          await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
          return `127.0.0.1:${(server.address() as AddressInfo).port}`;
        }),
      );
      await createMayfly({ url: `http://${at[0]}//${at[1]}${path}`, token: "secret" }).me();
      expect(asked).toEqual([`gateway //${at[1]}${path.replace(/\/$/, "")}/v1/me`]);
      for (const server of servers) server.close();
    },
  );

  it("asks for a part of a long list", async () => {
    const paths: (string | undefined)[] = [];
    const lists = createServer((request, response) => {
      paths.push(request.url);
      response.setHeader("content-type", "application/json").end('{"requests":[],"grants":[]}');
    });
    await new Promise<void>((resolve) => lists.listen(0, "127.0.0.1", resolve));
    const there = createMayfly({ url: `http://127.0.0.1:${(lists.address() as AddressInfo).port}` });
    await there.requests({ all: true, before: "req_1", limit: 10 });
    await there.requests({ all: true, emergencies: "unreviewed" });
    await there.grants({ before: "gr_1" });
    await new Promise((resolve) => lists.close(resolve));
    expect(paths).toEqual([
      "/v1/requests?all=true&before=req_1&limit=10",
      "/v1/requests?all=true&emergencies=unreviewed",
      "/v1/grants?before=gr_1",
    ]);
  });

  it("goes on where a list ended before it was full, and stops where it is full or over", async () => {
    const paths: (string | undefined)[] = [];
    const answers = [
      { requests: [], next_before: "req_9" },
      { requests: [{ id: "req_8" }], next_before: "req_5" },
      { requests: [{ id: "req_4" }], next_before: "req_4" },
      { requests: [{ id: "req_3" }] },
    ];
    const lists = createServer((request, response) => {
      const answer = answers[paths.push(request.url) - 1];
      response.setHeader("content-type", "application/json").end(JSON.stringify(answer));
    });
    await new Promise<void>((resolve) => lists.listen(0, "127.0.0.1", resolve));
    const there = createMayfly({ url: `http://127.0.0.1:${(lists.address() as AddressInfo).port}` });
    const full = await there.requests({ all: true, limit: 2 });
    const over = await there.requests({ limit: 2 });
    await new Promise((resolve) => lists.close(resolve));
    expect(full.map(({ id }) => id)).toEqual(["req_8", "req_4"]);
    expect(over.map(({ id }) => id)).toEqual(["req_3"]);
    expect(paths).toEqual([
      "/v1/requests?all=true&limit=2",
      "/v1/requests?all=true&limit=2&before=req_9",
      "/v1/requests?all=true&limit=1&before=req_5",
      "/v1/requests?limit=2",
    ]);
  });

  it("tells a denial with code, hint and reasons", async () => {
    const error = await failure(agent.request({ ...read, operations: ["drop"] }));
    expect(error).toBeInstanceOf(MayflyError);
    expect(error).toMatchObject({ code: "denied", status: 403 });
    expect(error.reasons[0]).toContain("no policy");
    expect(error.hint).toContain("mayfly operations");
  });

  it("asks again under the same key when the answer got lost", async () => {
    const keys: unknown[] = [];
    const flaky = createServer((request, response) => {
      keys.push(request.headers["idempotency-key"]);
      if (keys.length === 1) return request.socket.destroy();
      response.setHeader("content-type", "application/json").end('{"id":"req_1","state":"pending"}');
      return undefined;
    });
    await new Promise<void>((resolve) => flaky.listen(0, "127.0.0.1", resolve));
    const there = createMayfly({
      url: `http://127.0.0.1:${(flaky.address() as AddressInfo).port}`,
      token: "t",
    });
    expect((await there.request(read)).id).toBe("req_1");
    expect(keys.length).toBe(2);
    expect(keys[0]).toBe(keys[1]);
    flaky.close();
  });

  it.each(["http://gateway.example:8443", "ftp://127.0.0.1", "nonsense"])("sends no token to %s", (bad) => {
    expect(() => createMayfly({ url: bad, token: "t" })).toThrow(MayflyError);
  });

  it("follows no redirect and takes nothing that is not Mayfly's for an answer", async () => {
    let other = 0;
    const target = createServer((_request, response) => {
      other += 1;
      response.end();
    });
    await new Promise<void>((resolve) => target.listen(0, "127.0.0.1", resolve));
    const redirecting = createServer((_request, response) => {
      response
        .writeHead(302, { location: `http://127.0.0.1:${(target.address() as AddressInfo).port}/` })
        .end();
    });
    await new Promise<void>((resolve) => redirecting.listen(0, "127.0.0.1", resolve));
    const there = createMayfly({
      url: `http://127.0.0.1:${(redirecting.address() as AddressInfo).port}`,
      token: "t",
    });
    expect((await failure(there.me())).code).toBe("bad_answer");
    expect(other).toBe(0);
    target.close();
    redirecting.close();
  });

  it("says that a gateway cannot be reached, without the token", async () => {
    await api.close();
    const error = await failure(agent.me());
    expect(error.code).toBe("unreachable");
    expect(JSON.stringify([error.message, error.hint])).not.toContain("token-agent");
  });

  it("pages through the audit log", async () => {
    for (let i = 0; i < 5; i++) all.services.log.append({ type: "grant.expired", detail: { i } });
    const auditor = createMayfly({ url, token: "token-auditor" });
    const seqs: number[] = [];
    for await (const record of auditor.audit.all({ limit: 2 })) seqs.push(record.seq);
    expect(seqs).toEqual([4, 3, 2, 1, 0]);
  });

  it("gives up waiting and leaves the request pending", async () => {
    const { id } = await agent.request(refund);
    expect((await failure(agent.wait(id, { timeout: 0 }))).code).toBe("not_approved_in_time");
    expect((await failure(agent.wait(id, { signal: AbortSignal.abort() }))).code).toBe("aborted");
    expect(requestStates()).toEqual(["pending"]);
  });
});

describe("withGrant", () => {
  it("gives back what the use returns, and releases", async () => {
    const result = await agent.withGrant(read, (access) => {
      expect(states()).toEqual(["active"]);
      expect(access.env["PGPASSWORD"]).toBe(access.secret);
      expect(access.endsAt.getTime()).toBeGreaterThan(Date.now());
      const { PGHOST: host, PGPORT: port, PGUSER: user, PGDATABASE: database } = access.env;
      const place = { host, port: Number(port), user, database, password: access.secret };
      expect(access.postgres()).toEqual({ ...place, ssl: {} });
      return 42;
    });
    expect(result).toBe(42);
    expect(states()).toEqual(["released"]);
  });

  it("gives Node's drivers the CA that it was given itself, and says so where there is no PostgreSQL", async () => {
    const withCa = createMayfly({ url, token: "token-agent", ca: "-----BEGIN CERTIFICATE-----" });
    const ssl = await withCa.withGrant(read, (access) => access.postgres().ssl);
    expect(ssl).toEqual({ ca: "-----BEGIN CERTIFICATE-----" });
    const access = { protocol: "http", url: "https://gateway/http/billing", env: { MAYFLY_BEARER: "x" } };
    expect(() => postgresOptions(access, undefined)).toThrow(
      expect.objectContaining({
        code: "no_postgres",
        message: expect.stringContaining("http") as unknown,
      }) as Error,
    );
  });

  it("asks for everything that it was told to ask for", async () => {
    const ask = {
      ...read,
      ttl: "1m",
      break_glass: true,
      reason: "INC-9: every refund of today was booked twice",
    };
    const asked: unknown[] = [];
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        asked.push(JSON.parse(body));
        response.writeHead(403, { "content-type": "application/problem+json" }).end("{}");
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const settings = { onPending: () => undefined, approvalTimeout: 1000, releaseOn: ["SIGUSR2"] as const };
    await failure(
      createMayfly({ url: at, token: "token-agent" }).withGrant({ ...ask, ...settings }, () => 1),
    );
    expect(asked).toEqual([{ lease: true, ...ask }]);
    server.close();
  });

  it("releases when the use throws, and throws the same", async () => {
    const thrown = new Error("mine");
    expect(
      await failure(
        agent.withGrant(read, () => {
          throw thrown;
        }),
      ),
    ).toBe(thrown);
    expect(states()).toEqual(["released"]);
  });

  it("waits for approval and collects the secret", async () => {
    const result = await agent.withGrant(
      { ...refund, onPending: ({ id, digest }) => void reviewer.approve(id, { digest }) },
      (access) => access.secret,
    );
    expect(result).toMatch(/^[0-9a-z]{32}$/);
    expect(states()).toEqual(["released"]);
  });

  it("throws what a refusal says, and never calls the use", async () => {
    const use = vi.fn<() => void>();
    const error = await failure(
      agent.withGrant(
        {
          ...refund,
          onPending: ({ id, digest }) => void reviewer.refuse(id, { digest, comment: "not today" }),
        },
        use,
      ),
    );
    expect(error).toMatchObject({ code: "refused" });
    expect(error.message).toContain("not today");
    expect(use).not.toHaveBeenCalled();
  });

  it("withdraws when it is aborted or out of patience while pending", async () => {
    const stop = new AbortController();
    const aborted = await failure(
      agent.withGrant({ ...refund, signal: stop.signal, onPending: () => stop.abort() }, () => 1),
    );
    expect(aborted.code).toBe("aborted");
    const late = await failure(agent.withGrant({ ...refund, approvalTimeout: 0 }, () => 1));
    expect(late.code).toBe("not_approved_in_time");
    expect(requestStates()).toEqual(["withdrawn", "withdrawn"]);
  });

  it("releases a grant that was approved in the moment of the abort", async () => {
    const stop = new AbortController();
    await failure(
      agent.withGrant(
        {
          ...refund,
          signal: stop.signal,
          onPending: ({ id, digest }) => {
            const request = all.grants.store.requests.get(id)!;
            void all.grants.approve(
              { ...request.requester, subject: "r", roles: ["reviewer"] },
              id,
              digest,
              "",
            );
            stop.abort();
          },
        },
        () => 1,
      ),
    );
    expect(states()).toEqual(["released"]);
  });

  it("releases at an abort although the use never ends, and tells the use", async () => {
    const stop = new AbortController();
    let told: AbortSignal | undefined;
    const running = agent.withGrant({ ...read, signal: stop.signal }, (access) => {
      told = access.signal;
      stop.abort();
      return new Promise(() => {});
    });
    expect((await failure(running)).code).toBe("aborted");
    expect(told?.aborted).toBe(true);
    expect(states()).toEqual(["released"]);
  });

  it("asks for nothing when it is aborted before", async () => {
    expect((await failure(agent.withGrant({ ...read, signal: AbortSignal.abort() }, () => 1))).code).toBe(
      "aborted",
    );
    expect(requestStates()).toEqual([]);
  });

  it("tries a release again while the gateway cannot take it", async () => {
    all.grants.failReleases(2);
    await agent.withGrant(read, () => 1);
    expect(states()).toEqual(["released"]);
  });

  it("tries a release once that the gateway refuses, as when the identity was withdrawn", async () => {
    const refused = new MayflyError("token_invalid", "the identity was withdrawn", { status: 401 });
    const release = vi.fn<() => Promise<never>>(() => Promise.reject(refused));
    const onReleaseFailed = vi.fn<(error: unknown) => void>();
    const ask = { ...read, onReleaseFailed };
    expect(await withGrant({ ...agent, release }, ask, () => "done")).toBe("done");
    expect(release).toHaveBeenCalledTimes(1);
    expect(onReleaseFailed.mock.calls[0]?.[0]).toBe(refused);
  });

  it("lets no failed release mask the result or the error", async () => {
    const failed = vi.fn<(error: unknown) => void>();
    const refused = new MayflyError("forbidden", "not yours", { status: 403 });
    const failing = { ...agent, release: () => Promise.reject(refused) };
    expect(await withGrant(failing, { ...read, onReleaseFailed: failed }, () => "kept")).toBe("kept");
    const mine = new Error("mine");
    const ask = {
      ...read,
      onReleaseFailed: () => {
        throw new Error("another");
      },
    };
    expect(await failure(withGrant(failing, ask, () => Promise.reject(mine)))).toBe(mine);
    expect(failed).toHaveBeenCalledTimes(1);
    expect(failed.mock.calls[0]?.[0]).toBe(refused);
  });

  it("releases at a process signal, which then takes its course", async () => {
    const program = `
      import { createMayfly } from ${JSON.stringify(new URL("index.ts", import.meta.url).href)};
      const agent = createMayfly({ url: process.env.GATEWAY, token: "token-agent" });
      const ask = { connection: "orders-db", operations: ["read-orders"], reason: "r", releaseOn: ["SIGTERM"] };
      await agent.withGrant(ask, () => { console.log("using"); setInterval(() => {}, 1000); return new Promise(() => {}); });
    `;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
      env: { ...process.env, GATEWAY: url },
    });
    await new Promise((resolve) => child.stdout.once("data", resolve));
    expect(states()).toEqual(["active"]);
    child.kill("SIGTERM");
    const signal = await new Promise((resolve) => child.on("exit", (_code, by) => resolve(by)));
    expect(signal).toBe("SIGTERM");
    expect(states()).toEqual(["released"]);
  });
});
