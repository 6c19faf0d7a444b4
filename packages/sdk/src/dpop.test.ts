import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import {
  calculateJwkThumbprint,
  compactVerify,
  EmbeddedJWK,
  exportJWK,
  generateKeyPair,
  type JWK,
} from "jose";
import { afterEach, describe, expect, it } from "vitest";
import { createMayfly as inBrowser } from "./browser.ts";
import { createMayfly } from "./index.ts";
import { proverOf } from "./dpop.ts";

interface Asked {
  readonly authorization: string | undefined;
  readonly body: string;
  readonly proof: { readonly header: Record<string, unknown>; readonly claims: Record<string, unknown> };
}

/** A gateway that checks signatures, and that may want a nonce. */
async function gateway(nonce?: string) {
  const asked: Asked[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const proof = await read(request);
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    asked.push({ authorization: request.headers.authorization, proof, body });
    if (nonce !== undefined && proof.claims["nonce"] !== nonce) {
      response.writeHead(401, {
        "content-type": "application/problem+json",
        "www-authenticate": 'DPoP error="use_dpop_nonce", algs="ES256"',
        "dpop-nonce": nonce,
      });
      response.end(JSON.stringify({ code: "dpop_nonce", detail: "a nonce is needed", status: 401 }));
    } else if (request.url?.startsWith("/v1/events") === true) {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end('id: 1\nevent: record\ndata: {"seq":1}\n\n');
    } else response.writeHead(200, { "content-type": "application/json" }).end('{"grants":[],"name":"bot"}');
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  open.push(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

async function read(request: IncomingMessage): Promise<Asked["proof"]> {
  const { payload, protectedHeader } = await compactVerify(String(request.headers["dpop"]), EmbeddedJWK);
  return {
    header: { ...protectedHeader },
    claims: JSON.parse(Buffer.from(payload).toString()) as Record<string, unknown>,
  };
}

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

const pair = crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);

describe("a client whose token is bound to a key", () => {
  it("proves it afresh with every request, and names the request without its query", async () => {
    const { url, asked } = await gateway();
    const { privateKey, publicKey } = await pair;
    const publicJwk = { ...(await exportJWK(publicKey)), key_ops: ["verify"] };
    const mayfly = createMayfly({ url: `${url}/`, token: "TOKEN", dpop: { privateKey, publicJwk } });
    const before = Math.floor(Date.now() / 1000);
    await mayfly.me();
    await mayfly.grants({ state: "active" });
    await mayfly.release("gr_1").catch(() => undefined);
    expect(asked.map(({ authorization }) => authorization)).toEqual([
      "DPoP TOKEN",
      "DPoP TOKEN",
      "DPoP TOKEN",
    ]);
    expect(asked.map(({ proof }) => [proof.claims["htm"], proof.claims["htu"]])).toEqual([
      ["GET", `${url}/v1/me`],
      ["GET", `${url}/v1/grants`],
      ["DELETE", `${url}/v1/grants/gr_1`],
    ]);
    const { header, claims } = asked[0]!.proof;
    expect(header).toMatchObject({ typ: "dpop+jwt", alg: "ES256" });
    expect(Object.keys(header["jwk"] as object).toSorted()).toEqual(["crv", "kty", "x", "y"]);
    expect(claims["ath"]).toBe(createHash("sha256").update("TOKEN").digest("base64url"));
    expect(claims["iat"]).toBeGreaterThanOrEqual(before);
    expect(claims).not.toHaveProperty("nonce");
    expect(new Set(asked.map(({ proof }) => proof.claims["jti"])).size).toBe(3);
  });

  it("takes the gateway's nonce, asks once again and keeps it", async () => {
    const { url, asked } = await gateway("n-1");
    const mayfly = createMayfly({ url, token: async () => "TOKEN", dpop: await pair });
    await mayfly.me();
    await mayfly.me();
    expect(asked.map(({ proof }) => proof.claims["nonce"])).toEqual([undefined, "n-1", "n-1"]);
    expect(new Set(asked.map(({ proof }) => proof.claims["jti"])).size).toBe(3);
  });

  it("asks no second time for a nonce that it had", async () => {
    const prover = proverOf(await pair);
    const answer = { status: 401, challenge: 'DPoP error="use_dpop_nonce"', nonce: "n-1" };
    expect(prover.answered(answer)).toBe(true);
    expect(prover.answered(answer)).toBe(false);
    expect(prover.answered({ ...answer, nonce: "n-2", status: 200 })).toBe(false);
    expect(prover.answered({ ...answer, nonce: "n-3", challenge: 'DPoP error="invalid_token"' })).toBe(false);
    expect(prover.answered({ ...answer, nonce: null })).toBe(false);
  });

  it("proves event streams too, and their next tries", async () => {
    const { url, asked } = await gateway("n-1");
    const mayfly = createMayfly({ url, token: "TOKEN", dpop: await pair });
    const stop = new AbortController();
    await mayfly.events(() => stop.abort(), { signal: stop.signal, types: ["grant.*"] });
    expect(asked.map(({ proof }) => [proof.claims["htu"], proof.claims["nonce"]])).toEqual([
      [`${url}/v1/events`, undefined],
      [`${url}/v1/events`, "n-1"],
    ]);
  });

  it.each([
    ["Node", createMayfly],
    ["a browser", inBrowser],
  ])("of %s signs a probe's report whole, also the second time, and nothing else", async (_, make) => {
    const { url, asked } = await gateway("n-1");
    const mayfly = make({ url, token: "TOKEN", dpop: await pair });
    const report = { nonce: "n", host: "bücher-1 😀 \ud800", ways: [], credentials: [] };
    await mayfly.probes.report(report);
    await mayfly.probes.start("pr_1");
    await mayfly.me();
    const digest = createHash("sha256").update(JSON.stringify(report), "utf8").digest("base64url");
    expect(asked.map(({ proof }) => [proof.claims["nonce"], proof.claims["body_sha256"]])).toEqual([
      [undefined, digest],
      ["n-1", digest],
      ["n-1", undefined],
      ["n-1", undefined],
    ]);
    expect(asked.map(({ body }) => createHash("sha256").update(body).digest("base64url") === digest)).toEqual(
      [true, true, false, false],
    );
    expect(asked[2]?.proof.claims).not.toHaveProperty("body_sha256");
  });

  it("signs no body where there is none, and an empty one where there is", async () => {
    const prover = proverOf(await pair);
    const request = { method: "POST", url: "https://m.test/", token: "TOKEN" };
    const claimsOf = async (more: { readonly body?: string }): Promise<Record<string, unknown>> => {
      const { dpop } = await prover.headers({ ...request, ...more });
      return JSON.parse(Buffer.from(dpop.split(".")[1] ?? "", "base64url").toString()) as Record<
        string,
        unknown
      >;
    };
    expect(await claimsOf({})).not.toHaveProperty("body_sha256");
    // SHA-256 of nothing (FIPS 180-4), and of "ä" as two bytes.
    expect((await claimsOf({ body: "" }))["body_sha256"]).toBe("47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU");
    expect((await claimsOf({ body: "ä" }))["body_sha256"]).toBe(
      createHash("sha256")
        .update(Buffer.from([0xc3, 0xa4]))
        .digest("base64url"),
    );
  });

  it("does the same in a browser, without the page's cookie", async () => {
    const { url, asked } = await gateway("n-1");
    const sent: RequestInit[] = [];
    const mayfly = inBrowser({
      url,
      token: () => "TOKEN",
      dpop: await pair,
      fetch: ((to: string, init: RequestInit) => {
        sent.push(init);
        return fetch(to, init);
      }) as typeof fetch,
    });
    await mayfly.me();
    expect(asked.map(({ authorization, proof }) => [authorization, proof.claims["nonce"]])).toEqual([
      ["DPoP TOKEN", undefined],
      ["DPoP TOKEN", "n-1"],
    ]);
    expect(sent.map(({ credentials }) => credentials)).toEqual(["omit", "omit"]);
  });

  it.each(["ES256", "ES384", "ES512", "RS256", "RS512", "PS256", "PS384", "EdDSA"])(
    "signs with %s",
    async (alg) => {
      const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
      const prover = proverOf({ privateKey, publicKey });
      const { dpop } = await prover.headers({ method: "GET", url: "https://m.test/a?b#c", token: "TOKEN" });
      const { protectedHeader } = await compactVerify(dpop, EmbeddedJWK);
      expect(protectedHeader.alg).toBe(alg);
      expect(await calculateJwkThumbprint(protectedHeader.jwk as JWK)).toBe(
        await calculateJwkThumbprint(await exportJWK(publicKey)),
      );
    },
  );

  it("puts no private member into a proof", async () => {
    const { privateKey } = await generateKeyPair("ES256", { extractable: true });
    const prover = proverOf({ privateKey, publicJwk: { ...(await exportJWK(privateKey)) } });
    const { dpop } = await prover.headers({ method: "GET", url: "https://m.test/", token: "TOKEN" });
    const header = JSON.parse(Buffer.from(dpop.split(".")[0] ?? "", "base64url").toString()) as {
      jwk: object;
    };
    expect(header.jwk).not.toHaveProperty("d");
  });

  it("refuses keys that sign nothing, without a word of them", async () => {
    const { privateKey } = await pair;
    const symmetric = await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, true, ["sign"]);
    const publicJwk = { kty: "oct", k: "c2VjcmV0" };
    for (const key of [
      { privateKey, publicJwk },
      { privateKey: symmetric, publicJwk },
    ]) {
      const failed = createMayfly({ url: "http://127.0.0.1:1", token: "TOKEN", dpop: key }).me();
      await expect(failed).rejects.toMatchObject({ code: "dpop_key" });
      await expect(failed).rejects.not.toThrow(/c2VjcmV0/);
    }
  });
});
