import { createPrivateKey, generateKeyPairSync, sign } from "node:crypto";
import type { JsonWebKey } from "node:crypto";
import type { TrustedProvider } from "../../kernel/trusted-provider.ts";
import type { Fetch, ProviderRequest } from "../provider/transport.ts";

/** A private key with the name under which it is published. */
export type TestKey = JsonWebKey & { kid: string; alg: string };

/** Makes a private key. `bits` is for RSA. */
export function testKey(kid: string, alg: "RS256" | "ES256" = "RS256", bits = 2048): TestKey {
  const pair =
    alg === "RS256"
      ? generateKeyPairSync("rsa", { modulusLength: bits })
      : generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { ...pair.privateKey.export({ format: "jwk" }), kid, alg };
}

/** The published half of a key. */
export function publicHalf({ kid, alg, kty, n, e, crv, x, y }: TestKey): JsonWebKey {
  return { kid, alg, use: "sig", kty, n, e, crv, x, y } as JsonWebKey;
}

export const base64url = (text: string): string => Buffer.from(text).toString("base64url");

/** Signs header and claims exactly as they are written. */
export function signRaw(header: string, claims: string, key: TestKey): string {
  const input = `${base64url(header)}.${base64url(claims)}`;
  const privateKey = createPrivateKey({ key, format: "jwk" });
  const signature = sign("sha256", Buffer.from(input), { key: privateKey, dsaEncoding: "ieee-p1363" });
  return `${input}.${signature.toString("base64url")}`;
}

/** What the fake answers at one path. */
export interface FakeAnswer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body: string;
}

/** A provider without sockets, whose answers a test replaces at will. */
export class FakeProvider {
  readonly issuer: string;
  readonly audience = "api://mayfly";
  keys: TestKey[];
  down = false;
  /** Seconds; undefined sends no Cache-Control. */
  maxAge: number | undefined = 3600;
  /** Answers instead of the usual ones, by path below the issuer. */
  readonly answers = new Map<string, FakeAnswer>();
  /** Introspection: digestless, by token. */
  readonly revoked = new Set<string>();
  /** What happens while an introspection is under way. */
  whileIntrospecting: (() => Promise<void>) | undefined;
  readonly requests: { path: string; request: ProviderRequest }[] = [];

  constructor(issuer = "https://okta.example/oauth2/aus1", keys: TestKey[] = [sharedKey]) {
    this.issuer = issuer;
    this.keys = keys;
  }

  /** How many requests came to a path so far. */
  count(path: string): number {
    return this.requests.filter((one) => one.path === path).length;
  }

  readonly fetch: Fetch = async (url, request) => {
    await Promise.resolve();
    if (!url.startsWith(this.issuer)) throw new Error(`unexpected request to ${url}`);
    const path = url.slice(this.issuer.length);
    this.requests.push({ path, request });
    if (path === "/v1/introspect") await this.whileIntrospecting?.();
    if (this.down) throw Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
    const { status = 200, headers = {}, body } = this.answers.get(path) ?? this.usual(path, request);
    return {
      status,
      headers: { get: (name) => headers[name] ?? null },
      body: (async function* chunks() {
        yield Buffer.from(body);
      })(),
    };
  };

  private usual(path: string, request: ProviderRequest): FakeAnswer {
    if (path === "/.well-known/openid-configuration") {
      return {
        body: JSON.stringify({
          issuer: this.issuer,
          jwks_uri: `${this.issuer}/v1/keys`,
          introspection_endpoint: `${this.issuer}/v1/introspect`,
        }),
      };
    }
    if (path === "/v1/introspect") {
      const token = new URLSearchParams(request.body).get("token") ?? "";
      return { body: JSON.stringify({ active: !this.revoked.has(token) }) };
    }
    const headers: Record<string, string> =
      this.maxAge === undefined ? {} : { "cache-control": `max-age=${this.maxAge}` };
    return { headers, body: JSON.stringify({ keys: this.keys.map(publicHalf) }) };
  }

  settings(more: Partial<TrustedProvider> = {}): TrustedProvider {
    return {
      issuer: this.issuer,
      audiences: [this.audience],
      groupsClaim: "groups",
      algorithms: ["RS256", "ES256"],
      directory: new Map([
        ["0oabot", { name: "support-bot", owner: "owner@example.com", groups: ["support-agents"] }],
      ]),
      outage: 600_000,
      allowInsecureLoopback: false,
      ...more,
    };
  }

  /** A service app's claims, issued `at` (milliseconds); undefined removes one. */
  claims(at: number, more: Record<string, unknown> = {}): Record<string, unknown> {
    const iat = Math.floor(at / 1000);
    return {
      ver: 1,
      jti: "AT.abc",
      iss: this.issuer,
      aud: this.audience,
      iat,
      exp: iat + 3600,
      cid: "0oabot",
      scp: ["mayfly"],
      sub: "0oabot",
      ...more,
    };
  }

  /** A token of a service app, signed with the newest key. */
  token(
    at: number,
    claims: Record<string, unknown> = {},
    header: Record<string, unknown> = {},
    key: TestKey = this.keys[0] ?? sharedKey,
  ): string {
    const { kid, alg } = key;
    return signRaw(JSON.stringify({ kid, alg, ...header }), JSON.stringify(this.claims(at, claims)), key);
  }
}

/** One key for all fakes that do not care: making one takes a while. */
export const sharedKey: TestKey = testKey("key-1");
