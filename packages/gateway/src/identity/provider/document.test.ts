import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { documentFetcher } from "./document.ts";
import { providerFetch } from "./transport.ts";

/** A real server on the loopback address, for what a fake cannot show. */
async function served(
  answer: Parameters<typeof createServer>[1],
  use: (url: string) => Promise<void>,
): Promise<void> {
  const server = createServer({}, answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/document`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test("over a real socket: a document with its max-age, and a form posted", async () => {
  const seen: unknown[] = [];
  await served(
    (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        seen.push([request.method, request.headers["authorization"], Buffer.concat(chunks).toString()]);
        response.setHeader("cache-control", "public, Max-Age=7").end('{"a":1}');
      });
    },
    async (url) => {
      const fetchDocument = documentFetcher(providerFetch(undefined), fakeClock());
      expect(await fetchDocument({ url })).toEqual({ value: { a: 1 }, maxAge: 7000 });
      await fetchDocument({ url, form: new URLSearchParams({ token: "t&t" }), authorization: "Basic x" });
    },
  );
  expect(seen).toEqual([
    ["GET", undefined, ""],
    ["POST", "Basic x", "token=t%26t"],
  ]);
});

test("over a real socket: a redirect is not followed", async () => {
  const paths: (string | undefined)[] = [];
  await served(
    (request, response) => {
      paths.push(request.url);
      response.writeHead(307, { location: "/elsewhere" }).end();
    },
    async (url) => {
      const fetchDocument = documentFetcher(providerFetch(undefined), fakeClock());
      await expect(fetchDocument({ url })).rejects.toThrow("status 307");
    },
  );
  expect(paths).toEqual(["/document"]);
});

test("over a real socket: an endless body is cut at the limit", async () => {
  let ended = false;
  await served(
    (_, response) => {
      const write = (): void => {
        const more = (): boolean => !ended && response.write(" ".repeat(16_384));
        while (more());
      };
      response.on("drain", write).on("close", () => {
        ended = true;
      });
      write();
    },
    async (url) => {
      const fetchDocument = documentFetcher(providerFetch(undefined), fakeClock());
      await expect(fetchDocument({ url })).rejects.toThrow("longer than 262144 bytes");
      await expect.poll(() => ended).toBe(true);
    },
  );
});

test("over a real socket: a body that never ends is given up in time", async () => {
  const clock = fakeClock();
  let asked = (): void => {};
  const arrived = new Promise<void>((resolve) => {
    asked = resolve;
  });
  await served(
    (_, response) => {
      response.write("{");
      asked();
    },
    async (url) => {
      const outcome = documentFetcher(providerFetch(undefined), clock)({ url }).catch(String);
      await arrived;
      clock.advance(5000);
      expect(await outcome).toContain("no answer within 5000 ms");
    },
  );
});

test("nobody listens: the failure names the code, not more", async () => {
  const fetchDocument = documentFetcher(providerFetch(undefined), fakeClock());
  await expect(fetchDocument({ url: "http://127.0.0.1:1/document" })).rejects.toThrow(
    "http://127.0.0.1:1/document: ECONNREFUSED",
  );
});
