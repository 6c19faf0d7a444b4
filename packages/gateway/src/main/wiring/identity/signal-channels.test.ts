import { generateKeyPairSync } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { pino } from "pino";
import type { Configuration } from "../../../configuration/types.ts";
import type { SignalsConfiguration } from "../../../configuration/signals.ts";
import { recordingSink } from "../../../identity/signals/testing/sender-scene.ts";
import type { RecordingSink } from "../../../identity/signals/testing/sender-scene.ts";
import { selfSigned } from "../../../identity/sign-in/saml/testing/certificates.ts";
import { FakeProvider, signRaw, testKey } from "../../../identity/testing/fake-provider.ts";
import type { TestKey } from "../../../identity/testing/fake-provider.ts";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { signalChannelsOf, type SignalChannels } from "./signal-channels.ts";

const url = "https://mayfly.internal:8443";
const org = "https://example.okta.com";
const custom = "https://login.example.com";
const other = "https://other.okta.com";
const transmitter = "https://ssf.example.net";
const saml = "http://www.okta.com/exk1";
// The org has one set of keys, whatever its host.
const key = testKey("key-1");
const provider = (issuer: string, keys: TestKey[] = [key]): FakeProvider => new FakeProvider(issuer, keys);
const hosts = [provider(org), provider(custom), provider(other, [testKey("key-1")]), provider(transmitter)];
for (const host of hosts)
  host.answers.set("/.well-known/ssf-configuration", {
    body: JSON.stringify({ issuer: host.issuer, jwks_uri: `${host.issuer}/v1/keys` }),
  });

let channels: SignalChannels | undefined;
afterEach(() => channels?.close());

interface Scene {
  readonly channels: SignalChannels;
  readonly sink: RecordingSink;
  /** Lines of the gateway's own log. */
  readonly lines: readonly string[];
  readonly seconds: number;
}

function start(signals: SignalsConfiguration | undefined, metadata?: string): Scene {
  const clock = fakeClock();
  const sink = recordingSink();
  const lines: string[] = [];
  const marks = new Map<string, number>();
  const agents = [org, custom, other].map((host) => ({ issuer: `${host}/oauth2/aus1`, outage: 600_000 }));
  const people = {
    oidc: { issuer: org, clientId: "0oaCONSOLE" },
    ...(metadata === undefined ? {} : { saml: { metadata } }),
  };
  const configuration = { url, identity: { agents, people, signals } } as unknown as Configuration;
  channels = signalChannelsOf(configuration, {
    sink,
    remembered: {
      mark: async (kind, id, until) => void marks.set(kind + id, until),
      marked: async (kind, id) => marks.get(kind + id),
    },
    refused: () => undefined,
    clock,
    logger: pino({ base: null }, { write: (line) => void lines.push(line) }),
    fetch: (at, request) => {
      const host = hosts.find(({ issuer }) => at.startsWith(issuer));
      if (host === undefined) throw new Error(`unexpected request to ${at}`);
      return host.fetch(at, request);
    },
  });
  return { channels, sink, lines, seconds: Math.floor(clock.wall() / 1000) };
}

const revocation = { globalTokenRevocation: { clients: ["0oaCONSOLE"] } };

/** Calls as an org does, under one of its hosts. */
async function revoke(
  { channels: { services }, seconds }: Scene,
  iss: string,
  subject: object,
  signedBy: TestKey = key,
): Promise<unknown> {
  const claims = {
    jti: `${iss} ${JSON.stringify(subject)}`,
    iss,
    sub: "0oaCONSOLE",
    aud: `${url}/v1/signals/global-token-revocation`,
    iat: seconds,
    exp: seconds + 300,
  };
  const header = { kid: signedBy.kid, alg: "RS256", typ: "global-token-revocation+jwt" };
  const token = signRaw(JSON.stringify(header), JSON.stringify(claims), signedBy);
  return services?.revocations?.receive(token, Buffer.from(JSON.stringify({ sub_id: subject }))).then(
    () => "taken",
    (error: { why: string }) => error.why,
  );
}

/** Pushes as a transmitter does. */
async function push(
  { channels: { services }, seconds }: Scene,
  iss: string,
  aud: string,
  subject: object,
): Promise<unknown> {
  const claims = {
    jti: "1",
    iss,
    aud,
    iat: seconds,
    sub_id: subject,
    events: { "https://schemas.openid.net/secevent/caep/event-type/session-revoked": {} },
  };
  const header = { kid: key.kid, alg: "RS256", typ: "secevent+jwt" };
  const token = signRaw(JSON.stringify(header), JSON.stringify(claims), key);
  return services?.securityEvents
    ?.receive({ contentType: "application/secevent+jwt", authorization: undefined, body: Buffer.from(token) })
    .then(
      () => "taken",
      (error: { why: string }) => error.why,
    );
}

const rosa = (iss: string): object => ({ format: "iss_sub", iss, sub: "00uROSA" });

describe("an org with a custom domain", () => {
  const both = { org: [org, custom], ...revocation };

  it.each([org, custom])("revokes under %s, for both hosts' issuers and nobody else's", async (iss) => {
    const scene = start(both);
    for (const named of [org, custom, `${org}/oauth2/aus1`, `${custom}/oauth2/aus1`])
      expect([named, await revoke(scene, iss, rosa(named))]).toEqual([named, "taken"]);
    expect(scene.sink.received.map(({ issuers }) => issuers)).toEqual(
      Array.from({ length: 4 }, () => [`${org}/oauth2/aus1`, `${custom}/oauth2/aus1`, org]),
    );
    for (const named of [other, `${other}/oauth2/aus1`, `${org}/oauth2/aus2`])
      expect([named, await revoke(scene, iss, rosa(named))]).toEqual([named, "subject"]);
    expect(scene.sink.received.length).toBe(4);
  });

  it("is two senders: of a host that is not listed nothing is taken", async () => {
    const scene = start({ org: [org], ...revocation });
    expect(await revoke(scene, custom, rosa(org))).toBe("issuer");
    expect(await revoke(scene, org, rosa(custom))).toBe("subject");
    expect(await revoke(scene, other, rosa(other))).toBe("issuer");
    expect(await revoke(scene, org, rosa(org))).toBe("taken");
    // The custom domain's principals are out of its reach.
    expect(scene.sink.received[0]?.issuers).toEqual([`${org}/oauth2/aus1`, org]);
  });

  it("does not sign for another org, whatever the names of their keys", async () => {
    const scene = start({ org: [org, other], ...revocation });
    expect(await revoke(scene, other, rosa(other))).toBe("key");
  });
});

describe("a SAML app", () => {
  it("signs with the key of its assertions, which the org does not publish", async () => {
    const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const own = { ...pair.privateKey.export({ format: "jwk" }), kid: "saml-key", alg: "RS256" };
    const certificate = await selfSigned(pair);
    const metadata = `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${saml}"><md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>${certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor><md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="${org}/app/exk1/sso/saml"/></md:IDPSSODescriptor></md:EntityDescriptor>`;
    const scene = start({ org: [org], ...revocation }, metadata);
    expect(await revoke(scene, org, rosa(org), own)).toBe("taken");
    expect(scene.sink.received[0]?.issuers).toContain(saml);
    expect(await revoke(scene, org, { format: "email", email: "a@b.c" }, testKey("saml-key"))).toBe("key");
    expect(await revoke(start({ org: [org], ...revocation }), org, rosa(org), own)).toBe("key");
    // The org's other hosts, and other orgs, do not sign with it.
    expect(await revoke(start({ org: [custom], ...revocation }, metadata), custom, rosa(custom), own)).toBe(
      "key",
    );
  });
});

describe("a stream of security events", () => {
  const endpoint = `${url}/v1/signals/ssf`;

  it("is the org's, for the endpoint, unless it is said otherwise", async () => {
    const scene = start({ org: [org], ssf: { issuer: org } });
    expect(await push(scene, org, endpoint, rosa(org))).toBe("taken");
    expect(await push(scene, org, "https://other.example", rosa(org))).toBe("audience");
    expect(await push(scene, custom, endpoint, rosa(org))).toBe("issuer");
  });

  it("may be another transmitter's, which speaks of the org's people", async () => {
    const scene = start({ org: [org], ssf: { issuer: transmitter, audience: "https://agreed.example" } });
    expect(await push(scene, transmitter, "https://agreed.example", rosa(org))).toBe("taken");
    expect(scene.sink.received[0]?.issuers).toEqual([`${org}/oauth2/aus1`, org]);
    expect(await push(scene, transmitter, endpoint, rosa(org))).toBe("audience");
    expect(await push(scene, transmitter, "https://agreed.example", rosa(other))).toBe("subject");
    // Its own ids are not the org's, however they look.
    expect(await push(scene, transmitter, "https://agreed.example", rosa(transmitter))).toBe("subject");
    expect(await push(scene, org, "https://agreed.example", rosa(org))).toBe("issuer");
  });
});

describe("what is not configured", () => {
  it("is not there", () => {
    expect(start(undefined).channels.services).toBeUndefined();
    const { services } = start({ org: [org] }).channels;
    expect([services?.revocations, services?.securityEvents]).toEqual([undefined, undefined]);
  });
});

it("has the senders' keys fetched before the first message, and says which cannot be", async () => {
  const away = provider("https://away.okta.com");
  away.down = true;
  hosts.push(away);
  const scene = start({ org: [org, away.issuer], ...revocation });
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
  await new Promise((resolve) => setImmediate(resolve));
  expect(scene.lines).toEqual([expect.stringContaining(`"problem":"${away.issuer}: `)]);
  hosts.pop();
});
