import { request } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Loopback, openLoopback } from "./loopback.ts";

let loopback: Loopback;
beforeEach(async () => {
  loopback = await openLoopback(0);
});
afterEach(() => loopback.close());

function visit(
  path: string,
  headers: Record<string, string> = {},
  method = "GET",
): Promise<[number, string, string]> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      new URL(path, loopback.redirectUri),
      { method, headers, agent: false },
      (incoming) => {
        let text = "";
        incoming.setEncoding("utf8").on("data", (part: string) => (text += part));
        incoming.once("end", () =>
          resolve([incoming.statusCode ?? 0, text, String(incoming.headers["content-security-policy"])]),
        );
      },
    );
    outgoing.once("error", reject);
    outgoing.end();
  });
}

describe("the address that a browser comes back to", () => {
  it("is this machine's own, by its number", () => {
    expect(loopback.redirectUri).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/);
  });

  it("takes the answer that carries our state, once, and tells the browser how it went", async () => {
    const answer = loopback.answer("our-state", async (came) => came.searchParams.get("code"), 60_000);
    const [status, text, policy] = await visit("/callback?state=our-state&code=c");
    expect(await answer).toBe("c");
    expect([status, text.includes("You are signed in")]).toEqual([200, true]);
    expect(policy).toBe("default-src 'none'; frame-ancestors 'none'");
    expect((await visit("/callback?state=our-state&code=d"))[0]).toBe(404);
  });

  it.each<[string, string, Record<string, string>, string]>([
    ["another state", "/callback?state=other&code=c", {}, "GET"],
    ["no state", "/callback?code=c", {}, "GET"],
    ["two states", "/callback?state=our-state&state=other&code=c", {}, "GET"],
    ["another path", "/?state=our-state&code=c", {}, "GET"],
    ["a form", "/callback?state=our-state&code=c", {}, "POST"],
    [
      "a name that was bent to this machine",
      "/callback?state=our-state&code=c",
      { host: "evil.test" },
      "GET",
    ],
  ])("does not take %s for the answer, and waits on", async (_, path, headers, method) => {
    let isDone = false;
    const answer = loopback.answer("our-state", async () => (isDone = true), 60_000);
    expect((await visit(path, headers, method))[0]).toBe(404);
    expect(isDone).toBe(false);
    await visit("/callback?state=our-state");
    expect(await answer).toBe(true);
  });

  it("shows nothing of what came, also when it fails", async () => {
    const answer = loopback.answer("our-state", () => Promise.reject(new Error("no")), 60_000);
    const refused = answer.catch((error: unknown) => String(error));
    const [status, text] = await visit("/callback?state=our-state&error=%3Cscript%3E");
    expect([status, text.includes("script")]).toEqual([400, false]);
    expect(await refused).toBe("Error: no");
  });

  it("gives up when nobody comes", async () => {
    await expect(loopback.answer("our-state", async () => 1, 1)).rejects.toMatchObject({
      code: "login_failed",
    });
  });

  it("says so when its port is taken", async () => {
    const port = Number(new URL(loopback.redirectUri).port);
    await expect(openLoopback(port)).rejects.toMatchObject({
      code: "login_failed",
      hint: expect.stringContaining("--redirect-port"),
    });
  });
});
