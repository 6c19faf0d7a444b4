import { get, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createApi } from "../../server.ts";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { signedIn } from "../../testing/fake-people.ts";
import { type Fakes, fakes } from "../../testing/fakes.ts";

let all: Fakes;
let app: ReturnType<typeof createApi>;
let port: number;
let open: IncomingMessage[];

beforeEach(async () => {
  all = fakes({ limits: { eventsPerPrincipal: 2, events: 3 } });
  app = createApi(all.services);
  await app.listen({ host: "127.0.0.1", port: 0 });
  ({ port } = app.server.address() as AddressInfo);
  open = [];
});
afterEach(async () => {
  for (const each of open) each.destroy();
  await app.close();
});

/** Lets time pass, and what is due in it happen. */
async function pass(clock: { advance(ms: number): void }, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 5000) {
    clock.advance(5000);
    for (let i = 0; i < 4; i++) await new Promise((resolve) => void setImmediate(resolve));
  }
}

interface Stream {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  text(): string;
  destroy(): void;
}

function events(who: string, path = "", headers: Record<string, string> = {}): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const options = {
      port,
      host: "127.0.0.1",
      path: `/v1/events${path}`,
      headers:
        headers["cookie"] === undefined ? { authorization: `Bearer token-${who}`, ...headers } : headers,
      agent: false,
    };
    get(options, (answer) => {
      open.push(answer);
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => (text += part));
      answer.on("error", () => undefined);
      resolve({
        status: answer.statusCode ?? 0,
        headers: answer.headers,
        text: () => text,
        destroy: () => answer.destroy(),
      });
    }).on("error", reject);
  });
}

const write = (count: number): void => {
  for (let i = 0; i < count; i++)
    all.services.log.append({ type: "lockdown.started", detail: { reason: `r${i}` } });
};

describe("GET /v1/events", () => {
  it("streams from now on, and never from a cache or a proxy's buffer", async () => {
    write(3);
    const { status, headers, text } = await events("operator");
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    });
    write(1);
    await expect.poll(() => text()).toContain('"seq":3');
    expect(text()).not.toContain('"seq":2');
    expect(text()).toContain("id: 2\n: mayfly");
  });

  it("goes on behind the last number, at most ten thousand back", async () => {
    write(10_050);
    const near = await events("operator", "", { "last-event-id": "10047" });
    await expect.poll(() => near.text()).toContain('"seq":10049');
    expect(near.text()).toContain('"seq":10048');
    expect(near.text()).not.toContain('"seq":10047');
    expect(near.text()).not.toContain("event: reset");
    const far = await events("auditor", "", { "last-event-id": "3" });
    await expect.poll(() => far.text()).toContain('event: reset\ndata: {"from":50}\n\n');
    await expect.poll(() => far.text()).toContain('"seq":50,');
    expect(far.text()).not.toContain('"seq":49,');
  });

  it("takes a number from the future for now", async () => {
    write(1);
    const { text } = await events("operator", "", { "last-event-id": "999" });
    write(1);
    await expect.poll(() => text()).toContain('"seq":1,');
  });

  it("sends only the types that were asked for", async () => {
    const { text } = await events("operator", "?types=grant.*,lockdown.lifted");
    all.services.log.append({ type: "lockdown.started", detail: {} });
    all.services.log.append({ type: "grant.expired", detail: {} });
    all.services.log.append({ type: "lockdown.lifted", detail: {} });
    await expect.poll(() => text()).toContain("lockdown.lifted");
    expect(text()).toContain("grant.expired");
    expect(text()).not.toContain("lockdown.started");
  });

  it.each([
    ["", { "last-event-id": "x" }],
    ["", { "last-event-id": "-1" }],
    ["?types=", {}],
    ["?types=request", {}],
    ["?types=request.*,", {}],
    ["?since=1", {}],
  ])("refuses %s %j", async (path, headers) => {
    expect((await events("operator", path, headers as Record<string, string>)).status).toBe(400);
  });

  it("is bounded a principal and in all, and gives its place back", async () => {
    const mine = [await events("operator"), await events("operator")];
    expect((await events("operator")).status).toBe(429);
    expect((await events("auditor")).status).toBe(200);
    expect((await events("agent")).status).toBe(429);
    mine[0]?.destroy();
    await expect.poll(async () => (await events("operator")).status).toBe(200);
  });

  it("ends when the gateway stops", async () => {
    const { status } = await events("operator");
    expect(status).toBe(200);
    const ended = new Promise((resolve) => open[0]?.once("end", resolve));
    await app.close();
    await ended;
  });
});

describe("GET /v1/events of a browser", () => {
  const clock = fakeClock();
  beforeEach(async () => {
    await app.close();
    all = fakes({ clock });
    app = createApi(all.services);
    await app.listen({ host: "127.0.0.1", port: 0 });
    ({ port } = app.server.address() as AddressInfo);
  });

  it("ends when its person signs out", async () => {
    const headers = await signedIn(all.people, "olga@example.test", ["operators"]);
    const { status, text } = await events("", "", { cookie: headers.cookie });
    expect(status).toBe(200);
    await pass(clock, 10_000);
    expect(text()).not.toContain("event: end");
    await app.inject({ method: "DELETE", url: "/v1/session", headers: { ...headers } });
    await pass(clock, 10_000);
    await expect.poll(() => text()).toMatch(/event: end\ndata: .*"code":"not_signed_in"/);
    write(1);
    await pass(clock, 1000);
    expect(text()).not.toContain("event: record");
  });

  it("does not keep an idle session alive", async () => {
    const headers = await signedIn(all.people, "olga@example.test", ["operators"]);
    const { text } = await events("", "", { cookie: headers.cookie });
    await pass(clock, 29 * 60_000);
    expect(text()).not.toContain("event: end");
    await pass(clock, 2 * 60_000);
    await expect.poll(() => text()).toContain("event: end");
  });

  it("shows by the roles that its person has in the moment", async () => {
    const headers = await signedIn(all.people, "rita@example.test", ["reviewers"]);
    const { text } = await events("", "", { cookie: headers.cookie });
    all.services.log.append({ type: "act.intent", detail: { act: { sql: "select secret" } } });
    all.services.log.append({ type: "lockdown.started", detail: {} });
    await pass(clock, 5000);
    await expect.poll(() => text()).toContain("lockdown.started");
    expect(text()).not.toContain("select secret");
  });
});
