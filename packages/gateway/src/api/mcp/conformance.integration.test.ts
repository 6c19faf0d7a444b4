// tier: gate
import { execFile } from "node:child_process";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "@mayfly/testing/ports.ts";
import { createApi } from "../server.ts";
import { fakes } from "../testing/fakes.ts";

/** Scenarios of the official suite that a server of tools alone can pass; docs/mcp.md says why not the others. */
const applies = ["server-initialize", "ping", "tools-list", "dns-rebinding-protection"];

const suite = fileURLToPath(
  new URL("../../../../../node_modules/@modelcontextprotocol/conformance/dist/index.js", import.meta.url),
);
let app: FastifyInstance;
let url: string;

beforeAll(async () => {
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const { services } = fakes({ url });
  app = createApi({
    ...services,
    serverFactory: (handler) =>
      createServer((request, response) => {
        // The suite has no way to send a token: it is put in here, and nothing else is changed.
        request.rawHeaders.push("Authorization", "Bearer token-agent");
        handler(request, response);
      }),
  });
  await app.listen({ host: "127.0.0.1", port });
});
afterAll(() => app.close());

function run(scenario: string): Promise<{ readonly code: number; readonly out: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [suite, "server", "--url", `${url}/mcp`, "--scenario", scenario],
      { timeout: 45_000 },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : 1, out: `${stdout}${stderr}` }),
    );
  });
}

describe("the official conformance suite for servers", () => {
  it.each(applies)("passes %s", async (scenario) => {
    const { code, out } = await run(scenario);
    expect(code, out).toBe(0);
    expect(out).toMatch(/Passed: [1-9]\d*\/\d+, 0 failed/);
  });

  it("can fail: what needs its own test server's tools does", async () => {
    expect((await run("tools-call-simple-text")).code).toBe(1);
  });
});
