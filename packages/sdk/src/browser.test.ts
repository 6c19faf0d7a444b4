import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { createMayfly, MayflyError } from "./browser.ts";

interface Sent {
  readonly url: string;
  readonly init: RequestInit;
}

/** A browser's fetch that answers what it is told. */
function page(...answers: (Response | Error)[]) {
  const sent: Sent[] = [];
  const fetch = ((url: string, init: RequestInit) => {
    sent.push({ url, init });
    const answer = answers.shift() ?? new Error("Failed to fetch");
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  }) as typeof globalThis.fetch;
  let asked = 0;
  const mayfly = createMayfly({
    url: "https://mayfly.test:8443/",
    csrf: () => {
      asked += 1;
      return "the-session's-csrf";
    },
    fetch,
  });
  return { mayfly, sent, csrfAsked: () => asked };
}

const json = (body: unknown, status = 200, type = "application/json; charset=utf-8"): Response =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": type } });

async function failure(promise: Promise<unknown>): Promise<MayflyError> {
  return promise.then(
    () => {
      throw new Error("it should have failed");
    },
    (thrown: unknown) => thrown as MayflyError,
  );
}

describe("the SDK in a browser", () => {
  it("stops counting acts for whoever has gone", async () => {
    const { mayfly, sent } = page(json({ buckets: [] }), json({ buckets: [] }));
    const stop = new AbortController();
    expect(await mayfly.audit.histogram({ buckets: 50 }, stop.signal)).toEqual({ buckets: [] });
    expect(sent[0]?.url).toBe("https://mayfly.test:8443/v1/audit/histogram?buckets=50");
    expect(sent[0]?.init.signal?.aborted).toBe(false);
    stop.abort();
    expect(sent[0]?.init.signal?.aborted).toBe(true);
  });

  it("acts with the page's cookie, and proves with every change that it comes from the page", async () => {
    const { mayfly, sent, csrfAsked } = page(
      json({ waiting: [], more: false }),
      json({ id: "req_1", state: "approved" }),
      json({ revoked: 3 }),
      new Response(null, { status: 204 }),
      json({ locked: true }),
    );
    expect(await mayfly.inbox()).toEqual({ waiting: [], more: false });
    expect(csrfAsked()).toBe(0);
    await mayfly.approve("req_1", { digest: "sha256:00", allow: { ttl: "3m" } });
    const whose = { kind: "agent", issuer: "i", subject: "s", client: "c" } as const;
    expect(
      await mayfly.revokeAll({ ...whose, name: "more than asked" } as typeof whose, "it misbehaves"),
    ).toBe(3);
    await mayfly.endSession("bs_1/..");
    await mayfly.lockdown.start("incident");
    expect(sent.map(({ url, init }) => `${init.method} ${url}`)).toEqual([
      "GET https://mayfly.test:8443/v1/inbox",
      "POST https://mayfly.test:8443/v1/requests/req_1/approve",
      "POST https://mayfly.test:8443/v1/grants/revoke",
      "DELETE https://mayfly.test:8443/v1/sessions/bs_1%2F..",
      "PUT https://mayfly.test:8443/v1/lockdown",
    ]);
    for (const { init } of sent) {
      expect(init).toMatchObject({ credentials: "same-origin", redirect: "manual", cache: "no-store" });
      expect(init.headers).not.toHaveProperty("authorization");
    }
    const csrf = sent.map(({ init }) => (init.headers as Record<string, string>)["x-mayfly-csrf"]);
    expect(csrf).toEqual([undefined, ...Array.from({ length: 4 }, () => "the-session's-csrf")]);
    expect(JSON.parse(sent[1]?.init.body as string)).toEqual({
      digest: "sha256:00",
      comment: "",
      allow: { ttl: "3m" },
    });
    expect(JSON.parse(sent[2]?.init.body as string)).toEqual({ requester: whose, reason: "it misbehaves" });
  });

  it("tells a problem with its members", async () => {
    const { mayfly } = page(
      json(
        {
          type: "urn:mayfly:problem:sign_in_again",
          title: "Unauthorized",
          status: 401,
          detail: "a fresh sign-in is needed",
          code: "sign_in_again",
          max_age: 600,
          sign_in: ["/sign-in/oidc?fresh=600"],
        },
        401,
        "application/problem+json; charset=utf-8",
      ),
    );
    const error = await failure(mayfly.approve("req_1", { digest: "sha256:00" }));
    expect(error).toBeInstanceOf(MayflyError);
    expect(error).toMatchObject({
      code: "sign_in_again",
      status: 401,
      maxAge: 600,
      signIn: ["/sign-in/oidc?fresh=600"],
    });
  });

  it("follows no redirect, takes nothing else for an answer, and says that it cannot reach the gateway", async () => {
    const redirect = Object.defineProperty(Response.error(), "type", { value: "opaqueredirect" });
    const { mayfly } = page(
      redirect,
      new Response("<html>", { status: 200, headers: { "content-type": "application/json" } }),
      new Response("<html>", { status: 502 }),
      new Error("Failed to fetch"),
    );
    expect((await failure(mayfly.me())).code).toBe("bad_answer");
    expect((await failure(mayfly.me())).code).toBe("bad_answer");
    expect(await failure(mayfly.me())).toMatchObject({ code: "bad_answer", status: 502 });
    expect((await failure(mayfly.me())).code).toBe("unreachable");
  });

  it("streams events", async () => {
    const { mayfly, sent } = page(
      new Response('id: 3\nevent: record\ndata: {"seq":3}\n\nid: 4\nevent: record\ndata: {"seq":4}\n\n', {
        status: 200,
        headers: { "content-type": "text/event-stream; charset=utf-8" },
      }),
    );
    const stop = new AbortController();
    const seen: number[] = [];
    await mayfly.events(
      ({ seq }) => {
        seen.push(seq);
        if (seq === 4) stop.abort();
      },
      { signal: stop.signal, lastEventId: 2 },
    );
    expect(seen).toEqual([3, 4]);
    expect(sent[0]?.init.headers).toEqual({
      accept: "text/event-stream, application/problem+json",
      "last-event-id": "2",
    });
  });

  it("names where an export is downloaded", () => {
    const { mayfly } = page();
    expect(mayfly.audit.exportUrl({ operation: "orders-db/read-orders", decision: "deny" }, "csv")).toBe(
      "https://mayfly.test:8443/v1/audit/export?operation=orders-db%2Fread-orders&decision=deny&format=csv",
    );
  });

  it("imports nothing of Node, however deep", () => {
    const found = new Map<string, readonly string[]>();
    const walk = (url: URL): void => {
      if (found.has(url.href)) return;
      const source = readFileSync(fileURLToPath(url), "utf8");
      const values = source.matchAll(
        /^(?:import|export)\s+(?!type\b)[^;]*?from\s+"([^"]+)"|import\("([^"]+)"\)/gms,
      );
      const names = Array.from(values, (match) => match[1] ?? match[2] ?? "");
      found.set(url.href, names);
      for (const name of names) if (name.startsWith(".")) walk(new URL(name, url));
    };
    walk(new URL("browser.ts", import.meta.url));
    const files = [...found.keys()].map((href) => href.slice(href.lastIndexOf("/") + 1)).toSorted();
    expect(files).toContain("browser-transport.ts");
    expect(files).toContain("client.ts");
    expect([...found.values()].flat().filter((name) => !name.startsWith("./"))).toEqual([]);
    for (const href of found.keys()) {
      const source = readFileSync(fileURLToPath(href), "utf8");
      expect(source).not.toMatch(/\b(?:process|Buffer|require)\b\s*[.(]/);
    }
  });
});
