import { generateKeyPairSync } from "node:crypto";
import { takeEventHook } from "../../../packages/gateway/src/api/signals/event-hook.ts";
import type { SignalServices } from "../../../packages/gateway/src/api/services.ts";
import { MayflyError } from "../../../packages/gateway/src/kernel/errors.ts";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { signalChannelsOf } from "../../../packages/gateway/src/main/wiring/identity/signal-channels.ts";
import { loads, type Act, type Case, type Document } from "../case.ts";

const at = (...member: (string | number)[]): (string | number)[] => ["identity", "signals", ...member];

/** What the channels are given. */
async function channelsOf(load: Parameters<Act>[0]): Promise<SignalServices | undefined> {
  const { configuration } = await load();
  const channels = signalChannelsOf(configuration, {
    sink: { receive: async () => [] },
    remembered: { use: async () => true } as never,
    refused: () => {},
    clock: fakeClock(),
    logger: { warn: () => {} } as never,
    fetch: () => Promise.reject(new Error("nobody is asked")),
  });
  channels.close();
  return channels.services;
}

/** An event hook calls with the secret that the environment has under SECRET. */
const hookCalls: Act = async (load) => {
  const signals = await channelsOf(load);
  const call = {
    services: { signals },
    rawHeaders: ["Authorization", "correct"],
    query: {},
    body: Buffer.from('{"data":{"events":[]}}'),
    address: "192.0.2.1",
    takeSignal: () => 0,
    recordRefusal: () => {},
  };
  try {
    takeEventHook.beforeBody?.(call as never);
    await takeEventHook.handle(call as never);
    return "passed";
  } catch (error) {
    if (error instanceof MayflyError) return `${error.code} | ${error.message}`;
    throw error;
  }
};

const revokes: Act = async (load) => {
  const clients = (await channelsOf(load))?.settings.globalTokenRevocation?.clients ?? [];
  return clients.includes("0oaapp") ? "passed" : `nobody of | ${clients.join(", ")}`;
};

const transmits: Act = async (load) => {
  const { issuer, audience, authorization } = (await channelsOf(load))?.settings.ssf ?? {};
  return `${issuer} to ${audience ?? "the endpoint"} with ${authorization === undefined ? "its signature" : "a header too"}`;
};

const looks: Act = async (load) => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const files = { "okta-api.pem": String(privateKey.export({ type: "pkcs8", format: "pem" })) };
  const { configuration } = await load({}, files);
  return `every ${configuration.identity.signals?.systemLog?.every} ms`;
};

const signals =
  (more: Document = {}) =>
  (document: Document): void => {
    document.identity.agents = { issuer: "https://example.okta.com/oauth2/aus1", audience: "api://mayfly" };
    document.identity.people = { clients: ["0oacli"] };
    document.identity.signals = structuredClone(more);
  };

/** What the provider says, and who may say it. */
export const signalCases: readonly Case[] = [
  ...["https://other.okta.com", ["https://other.okta.com"]].map((narrow): Case => ({
    at: at("org"),
    narrow,
    wide: undefined,
    refused: /^configuration \| no issuer of agents or people is at this org/,
    act: loads,
    base: signals(),
  })),
  {
    at: at("event_hooks"),
    narrow: undefined,
    wide: { secret: { env: "SECRET" } },
    refused: /^not_found \| this channel is not configured here/,
    act: hookCalls,
    base: signals(),
  },
  {
    at: at("event_hooks", "secret"),
    narrow: { env: "WRONG" },
    wide: { env: "SECRET" },
    refused: /^signal_unauthorized \| the Authorization header is not the event hook's secret/,
    act: hookCalls,
    base: signals(),
  },
  {
    at: at("global_token_revocation", "clients"),
    narrow: undefined,
    wide: ["0oaapp"],
    refused: /^nobody of \|/,
    act: revokes,
    base: signals({ global_token_revocation: {} }),
  },
  {
    at: at("ssf", "issuer"),
    narrow: "https://transmitter.example",
    wide: undefined,
    refused: /^https:\/\/transmitter\.example to/,
    passes: /^https:\/\/example\.okta\.com to/,
    act: transmits,
    base: signals({ ssf: {} }),
  },
  {
    at: at("ssf", "audience"),
    narrow: "https://mayfly.internal/ssf",
    wide: undefined,
    refused: /to https:\/\/mayfly\.internal\/ssf with/,
    passes: /to the endpoint with/,
    act: transmits,
    base: signals({ ssf: {} }),
  },
  {
    at: at("ssf", "authorization"),
    narrow: { env: "SECRET" },
    wide: undefined,
    refused: /with a header too$/,
    passes: /with its signature$/,
    act: transmits,
    base: signals({ ssf: {} }),
  },
  {
    at: at("system_log", "every"),
    narrow: "1m",
    wide: undefined,
    refused: /^every 60000 ms$/,
    passes: /^every 10000 ms$/,
    act: looks,
    base: (document) => {
      signals({ system_log: {} })(document);
      document.identity.agents.okta_api = { client_id: "0oaapi", key: { file: "okta-api.pem" } };
    },
  },
];
