// tier: gate
import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { call } from "@mayfly/testing/api.ts";
import { startWorld } from "@mayfly/testing/world.ts";
import type { World } from "@mayfly/testing/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld({ store: "sqlite" });
});
afterAll(async () => {
  await world.stop();
});

interface Answer {
  readonly status: number;
  readonly location: string;
  readonly body: Record<string, unknown>;
}

/** A browser without a screen: keeps the gateway's cookies, sends what a page of the console sends. */
class Browser {
  readonly jar = new Map<string, string>();
  csrf = "";

  send(method: string, to: string, body?: unknown): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const outgoing = this.#request(method, to, body, (incoming) => {
        let text = "";
        incoming.setEncoding("utf8").on("data", (part: string) => (text += part));
        incoming.once("end", () =>
          resolve({
            status: incoming.statusCode ?? 0,
            location: incoming.headers.location ?? "",
            body: text.startsWith("{") ? (JSON.parse(text) as Record<string, unknown>) : {},
          }),
        );
      });
      outgoing.once("error", reject);
    });
  }

  /** Reads server-sent events; resolves when the stream ends, with all of it. */
  listen(started: () => void): Promise<string> {
    return new Promise((resolve, reject) => {
      const outgoing = this.#request("GET", "/v1/events", undefined, (incoming) => {
        let text = "";
        incoming.setEncoding("utf8").on("data", (part: string) => (text += part));
        incoming.once("close", () => resolve(text));
        started();
      });
      outgoing.once("error", reject);
    });
  }

  #request(
    method: string,
    to: string,
    body: unknown,
    answered: (incoming: IncomingMessage) => void,
  ): ReturnType<typeof request> {
    const { url, caFile } = world.gateway;
    const options = {
      method,
      ca: readFileSync(caFile),
      agent: false,
      headers: {
        ...(this.jar.size === 0
          ? {}
          : { cookie: [...this.jar].map(([name, value]) => `${name}=${value}`).join("; ") }),
        ...(method === "GET" ? {} : { origin: url, "x-mayfly-csrf": this.csrf }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
    };
    const outgoing = request(new URL(to, url), options, (incoming) => {
      for (const line of incoming.headers["set-cookie"] ?? []) {
        const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (value === "") this.jar.delete(name);
        else this.jar.set(name, value);
      }
      answered(incoming);
    });
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    return outgoing;
  }

  async signIn(login: string, query = ""): Promise<Answer> {
    const begun = await this.send("GET", `/sign-in/oidc${query}`);
    const back = await world.okta.signIn(begun.location, login);
    const answer = await this.send("GET", back);
    const session = await this.send("GET", "/v1/session");
    this.csrf = String(session.body["csrf"]);
    return answer;
  }
}

async function signedIn(login: string): Promise<Browser> {
  const browser = new Browser();
  const answer = await browser.signIn(login);
  expect([answer.status, answer.location]).toEqual([303, "/"]);
  return browser;
}

/** What an auditor reads of one kind, newest first. */
async function records(type: string): Promise<Record<string, unknown>[]> {
  const token = await world.personToken("ada@example.com");
  const { body } = await call(world.gateway, token, "GET", `/v1/audit/records?type=${type}&limit=50`);
  return (body as { records: Record<string, unknown>[] }).records;
}

async function waitingRequest(): Promise<{ id: string; digest: string }> {
  const ask = { connection: "orders-db", operations: ["refund-order"], reason: "TICKET-42 wrong item" };
  const { body } = await call(world.gateway, await world.agentToken(), "POST", "/v1/requests", ask);
  return body as { id: string; digest: string };
}

describe("a person in a browser", () => {
  test("signs in through the provider, is who they are, and is recorded", async () => {
    const browser = new Browser();
    const answer = await browser.signIn("rosa@example.com", "?return=/inbox");
    expect(answer.location).toBe("/inbox");
    const { body } = await browser.send("GET", "/v1/session");
    expect(body).toMatchObject({
      me: {
        kind: "person",
        subject: "rosa@example.com",
        issuer: world.okta.orgIssuer,
        client: "mayfly-console",
        groups: ["support-leads"],
        roles: ["reviewer"],
      },
      method: "oidc",
    });
    const [record] = await records("sign_in.succeeded");
    expect(record).toMatchObject({
      principal: { subject: "rosa@example.com" },
      detail: { method: "oidc", roles: ["reviewer"] },
    });
  });

  test("cannot be signed in as somebody else by a link (login CSRF), nor twice by one", async () => {
    const attacker = new Browser();
    const begun = await attacker.send("GET", "/sign-in/oidc");
    const back = await world.okta.signIn(begun.location, "nils@example.com");
    const victim = new Browser();
    expect((await victim.send("GET", back)).location).toBe("/sign-in?problem=other_browser");
    expect(victim.jar.size).toBe(0);
    expect((await attacker.send("GET", back)).location).toBe("/sign-in?problem=expired");
  });

  test("may decide no more from the moment the provider takes the group away", async () => {
    const browser = await signedIn("ravi@example.com");
    const { id, digest } = await waitingRequest();
    world.okta.setGroups("ravi@example.com", []);
    const refused = await browser.send("POST", `/v1/requests/${id}/approve`, { digest, comment: "" });
    expect(refused.status).toBe(403);
    world.okta.setGroups("ravi@example.com", ["support-leads"]);
    const again = await signedIn("ravi@example.com");
    const approved = await again.send("POST", `/v1/requests/${id}/approve`, { digest, comment: "checked" });
    expect([approved.status, approved.body["state"]]).toEqual([200, "approved"]);
  });

  test("decides nothing while the provider is away, and all is as it was when it is back", async () => {
    const browser = await signedIn("rosa@example.com");
    const { id, digest } = await waitingRequest();
    world.okta.pause("unavailable");
    const refused = await browser.send("POST", `/v1/requests/${id}/approve`, { digest, comment: "" });
    expect([refused.status, refused.body["code"]]).toEqual([503, "provider_away"]);
    const begun = await new Browser().send("GET", "/sign-in/oidc?return=/inbox");
    expect(begun.location).toBe("/sign-in?problem=provider_away&return=%2Finbox");
    world.okta.resume();
    const { body } = await browser.send("GET", `/v1/requests/${id}`);
    expect(body["state"]).toBe("pending");
    const approved = await browser.send("POST", `/v1/requests/${id}/approve`, { digest, comment: "" });
    expect(approved.status).toBe(200);
  });

  test("is signed out everywhere, in the middle of a stream too", async () => {
    const one = await signedIn("olga@example.com");
    const two = await signedIn("olga@example.com");
    const other = await signedIn("ada@example.com");
    let ready: () => void = () => {};
    const started = new Promise<void>((resolve) => {
      ready = resolve;
    });
    const stream = one.listen(ready);
    await started;
    expect((await two.send("DELETE", "/v1/sessions")).status).toBe(200);
    expect(await stream).toContain("event: end");
    expect((await one.send("GET", "/v1/session")).status).toBe(401);
    expect((await other.send("GET", "/v1/session")).status).toBe(200);
    const reasons = (await records("sign_out")).map(({ detail }) => (detail as { reason: string }).reason);
    expect(reasons.slice(0, 2)).toEqual(["signed out everywhere", "signed out everywhere"]);
  });

  test("is signed out when the provider says so (back-channel logout)", async () => {
    const browser = await signedIn("sana@example.com");
    expect(
      await world.okta.signOut("sana@example.com", readFileSync(world.gateway.caFile, "utf8")),
    ).toBeGreaterThan(0);
    expect((await browser.send("GET", "/v1/session")).status).toBe(401);
    const [record] = await records("sign_out");
    expect(record).toMatchObject({ detail: { reason: "the identity provider ended it" } });
  });

  test("stays signed in over a restart of the gateway, and is not when people are configured anew", async () => {
    const browser = await signedIn("ada@example.com");
    await world.gateway.stop();
    await world.restart();
    expect((await browser.send("GET", "/v1/session")).status).toBe(200);
    await world.edit((text) => text.replace("label: Okta\n", "label: Okta of ours\n"));
    world.gateway.signal("SIGHUP");
    await world.gateway.line("configuration adopted");
    expect((await browser.send("GET", "/v1/session")).status).toBe(401);
    const { body } = await new Browser().send("GET", "/v1/sign-in");
    expect(body["methods"]).toContainEqual({ kind: "oidc", label: "Okta of ours", url: "/sign-in/oidc" });
    await signedIn("ada@example.com");
  });
});
