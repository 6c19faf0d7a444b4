import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib";
import type { FastifyInstance } from "fastify";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createApi } from "../server.ts";
import * as files from "./files.ts";
import { codingFor, readConsole } from "./files.ts";
import { endpoints } from "../endpoints.ts";
import { fakes } from "../testing/fakes.ts";

const folder = mkdtempSync(path.join(tmpdir(), "mayfly-console-"));
mkdirSync(path.join(folder, "assets"));
const html = '<!doctype html><script type="module" src="/assets/index-abc.js"></script>';
const script = `export const words = ${JSON.stringify("mayfly ".repeat(100))};`;
writeFileSync(path.join(folder, "index.html"), html);
writeFileSync(path.join(folder, "manifest.json"), "{}");
for (const [name, text] of [["index-abc.js", script]] as const) {
  writeFileSync(path.join(folder, "assets", name), text);
  writeFileSync(path.join(folder, "assets", `${name}.br`), brotliCompressSync(text));
  writeFileSync(path.join(folder, "assets", `${name}.gz`), gzipSync(text));
}
writeFileSync(path.join(folder, "assets", "inter.woff2"), "font");
writeFileSync(path.join(folder, "assets", "notes.exe"), "not ours");
const built = readConsole(folder);

let app: FastifyInstance;
beforeEach(() => {
  vi.spyOn(files, "consoleFiles").mockImplementation(() => built);
  app = createApi(fakes().services);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await app.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

vi.mock("./files.ts", { spy: true });

describe("the console", () => {
  it("is one page under every path that its router knows, and under no other", async () => {
    const router = readFileSync(new URL("../../../../console/src/router.tsx", import.meta.url), "utf8");
    const known = [...router.matchAll(/^ {2}path: "([^"]+)",$/gm)].map(([, found = ""]) =>
      found.replace(/\$(id|subject)/, "{id}"),
    );
    const served = endpoints
      .filter(({ browser, answers }) => browser === true && answers[503] !== undefined)
      .filter(({ id }) => id.startsWith("GET "))
      .map(({ id }) => id.replace("GET ", ""))
      .filter((id) => !id.startsWith("/assets/"));
    expect(served.toSorted()).toEqual(known.toSorted());
    for (const url of served) {
      const answer = await app.inject({ url: url.replace("{id}", "req_0000000000000000") });
      expect([url, answer.statusCode, answer.body]).toEqual([url, 200, html]);
    }
    for (const url of [
      "/inbox/",
      "/index.html",
      "/requests",
      "/requests/a/b",
      "/manifest.json",
      "/anything",
    ]) {
      const answer = await app.inject({ url });
      expect([url, answer.statusCode, answer.headers["content-type"]]).toEqual([
        url,
        404,
        "application/problem+json; charset=utf-8",
      ]);
    }
  });

  it.each(["/", "/activity?text=x&from=2026-01-01T00:00:00Z", "/assets/index-abc.js", "/assets/inter.woff2"])(
    "forbids everything that it does not need: %s",
    async (url) => {
      const { headers, statusCode } = await app.inject({ url });
      expect(statusCode).toBe(200);
      expect(headers).toMatchObject({
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "strict-transport-security": expect.stringContaining("max-age="),
        "permissions-policy": expect.stringContaining("camera=()"),
        "x-frame-options": "DENY",
      });
      const policy = String(headers["content-security-policy"]);
      expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
      expect(policy).toContain("frame-ancestors 'none'; base-uri 'none'");
      expect(policy).not.toMatch(/unsafe|data:|blob:|https?:|\*/);
    },
  );

  const browser = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };

  it.each(["/nowhere", "/requests", "/requests/a/b", "/Inbox2?x=1", "/sign-in/elsewhere"])(
    "tells a browser that navigates to %s that there is no such page, in its own words",
    async (url) => {
      const page = await app.inject({ url: "/inbox", headers: browser });
      const answer = await app.inject({ url, headers: browser });
      expect(answer.statusCode).toBe(404);
      expect(answer.body).toBe(html);
      expect(answer.headers["cache-control"]).toBe("no-store");
      for (const name of [
        "content-security-policy",
        "permissions-policy",
        "content-type",
        "x-frame-options",
        "x-content-type-options",
        "referrer-policy",
      ])
        expect(answer.headers[name]).toBe(page.headers[name]);
    },
  );

  it.each([
    ["GET", "/v1/nothing", browser],
    ["GET", "/assets/nothing", browser],
    ["GET", "/index.html", browser],
    ["GET", "/nowhere/../inbox.html", browser],
    ["GET", "/no%77here", browser],
    ["GET", "/..%2Fnowhere", browser],
    ["GET", "//nowhere", browser],
    ["GET", "/nowhere/", browser],
    ["GET", `/${"a".repeat(61)}`, browser],
    ["GET", "/nowhere", { accept: "application/json" }],
    ["GET", "/nowhere", { accept: "*/*" }],
    ["GET", "/nowhere", {}],
    ["POST", "/nowhere", browser],
  ] as const)("tells the others as the API does: %s %s %j", async (method, url, headers) => {
    const answer = await app.inject({ method, url, headers: { ...headers } });
    expect(answer.statusCode).toBe(404);
    expect(answer.headers["content-type"]).toBe("application/problem+json; charset=utf-8");
    expect(String(answer.headers["content-security-policy"])).toMatch(/^default-src 'none'; frame-/);
  });

  it("sends what the build compressed, as the client takes it", async () => {
    const get = (accepted: string): Promise<{ rawPayload: Buffer; headers: Record<string, unknown> }> =>
      app.inject({ url: "/assets/index-abc.js", headers: { "accept-encoding": accepted } });
    const br = await get("gzip, deflate, br, zstd");
    expect(br.headers["content-encoding"]).toBe("br");
    expect(brotliDecompressSync(br.rawPayload).toString()).toBe(script);
    const gz = await get("gzip");
    expect(gunzipSync(gz.rawPayload).toString()).toBe(script);
    const plain = await get("identity");
    expect([plain.headers["content-encoding"], plain.rawPayload.toString()]).toEqual([undefined, script]);
    expect(new Set([br, gz, plain].map(({ headers }) => headers["etag"])).size).toBe(3);
    expect(br.headers).toMatchObject({
      vary: "accept-encoding",
      "cache-control": "public, max-age=31536000, immutable",
      "content-type": "text/javascript; charset=utf-8",
    });
  });

  it("is asked for each time, and not sent again while it is the same", async () => {
    const first = await app.inject({ url: "/" });
    expect(first.headers["cache-control"]).toBe("no-cache");
    const { etag = "" } = first.headers;
    const same = await app.inject({
      url: "/live",
      headers: { "if-none-match": `"other", W/${etag}` },
    });
    expect([same.statusCode, same.body]).toEqual([304, ""]);
    expect((await app.inject({ url: "/", headers: { "if-none-match": '"other"' } })).statusCode).toBe(200);
  });

  it.each([
    "/assets/notes.exe",
    "/assets/index-abc.js.br",
    "/assets/..%2Findex.html",
    "/assets/__proto__",
    "/assets/",
  ])("has no file %s", async (url) => {
    expect((await app.inject({ url })).statusCode).toBe(404);
  });

  it("says how to build it where nobody has", async () => {
    vi.mocked(files.consoleFiles).mockImplementation(() => undefined);
    const answer = await app.inject({ url: "/inbox" });
    expect(answer.statusCode).toBe(503);
    expect(answer.headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(answer.body).toContain("npm run build");
    expect((await app.inject({ url: "/assets/index-abc.js" })).statusCode).toBe(404);
    expect(readConsole(path.join(folder, "assets"))).toBeUndefined();
  });

  it("is no part of the API's document", async () => {
    const document = (await app.inject({ url: "/openapi.json" })).json();
    expect(
      Object.keys(document.paths).filter(
        (one) => !/^\/(v1|schema|healthz|readyz|metrics|openapi|\.well)/.test(one),
      ),
    ).toEqual([]);
  });
});

describe("the coding", () => {
  const both = {
    mediaType: "",
    digest: "",
    bytes: { identity: Buffer.of(1), br: Buffer.of(2), gzip: Buffer.of(3) },
  };
  it.each([
    [undefined, "identity"],
    ["", "identity"],
    ["br", "br"],
    ["BR;q=0.5, gzip;q=1", "br"],
    ["br;q=0, gzip", "gzip"],
    ["br ; q=0.0, *", "gzip"],
    ["*", "br"],
    ["deflate", "identity"],
    ["br;q=nonsense", "identity"],
    ["identity;q=0", "identity"],
  ])("for %j is %s", (accepted, coding) => {
    expect(codingFor(both, accepted)).toBe(coding);
  });
  it("is none where the build made none", () => {
    expect(codingFor({ ...both, bytes: { identity: Buffer.of(1) } }, "br, gzip")).toBe("identity");
  });
});
