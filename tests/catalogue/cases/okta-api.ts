import { heardFromLog, inGroup } from "../acts/okta-api.ts";
import type { Case, Document } from "../case.ts";

const at = (...member: string[]): string[] => ["identity", "agents", ...member];
const apiAt = (...member: string[]): string[] => at("okta_api", ...member);

const api = { client_id: "0oagateway", key: { file: "okta.json" } };
/** A provider whose agents' groups Okta's API says. */
const asked =
  (more: Document = {}, groupsFrom = "okta") =>
  (document: Document): void => {
    document.identity.agents = {
      issuer: "http://127.0.0.1:{{port}}/oauth2/default",
      audience: "api://mayfly",
      allow_insecure_loopback: true,
      groups_from: groupsFrom,
      okta_api: { ...api, ...structuredClone(more) },
    };
    document.identity.people = { clients: ["0oacli"] };
  };
const minute = 60_000;

/** Okta's management API: who asks, what counts, and for how long. */
export const oktaApiCases: readonly Case[] = [
  {
    at: at("groups_from"),
    narrow: "directory",
    wide: "okta",
    refused: /^other groups \|/,
    act: inGroup("assigned"),
    base: asked(),
  },
  {
    at: apiAt(),
    narrow: undefined,
    wide: api,
    refused: /^configuration \| groups are from Okta, and okta_api is missing/,
    act: inGroup("assigned"),
    base: asked(),
  },
  {
    at: apiAt("client_id"),
    narrow: "0oaother",
    wide: "0oagateway",
    refused: /^groups_unknown \| .*invalid_client/,
    act: inGroup("assigned"),
    base: asked(),
  },
  {
    at: apiAt("key"),
    narrow: { file: "other.json" },
    wide: { file: "okta.json" },
    refused: /^groups_unknown \| .*invalid_client/,
    act: inGroup("assigned"),
    base: asked(),
  },
  {
    at: apiAt("key_id"),
    narrow: "another-key",
    wide: "{{kid}}",
    refused: /^groups_unknown \| .*invalid_client/,
    act: inGroup("assigned"),
    base: asked(),
  },
  {
    at: apiAt("scopes"),
    narrow: ["okta.apps.read", "okta.users.read"],
    wide: ["okta.apps.read"],
    refused: /^groups_unknown \| .*invalid_scope/,
    act: inGroup("assigned"),
    base: asked(),
  },
  {
    at: apiAt("groups", "assigned"),
    narrow: false,
    wide: true,
    refused: /^other groups \| from-profile/,
    act: inGroup("assigned"),
    base: asked({ groups: { attribute: "mayfly_groups" } }),
  },
  {
    at: apiAt("groups", "attribute"),
    narrow: "other_groups",
    wide: "mayfly_groups",
    refused: /^other groups \| assigned/,
    act: inGroup("from-profile"),
    base: asked(),
  },
  {
    at: apiAt("max_age"),
    narrow: "10s",
    wide: "5m",
    refused: /^groups_unknown \| .*good for 10s/,
    act: inGroup("assigned", (okta, clock) => {
      okta.api.fail("server_error");
      clock.advance(minute);
    }),
    base: asked(),
  },
  {
    at: ["identity", "signals", "system_log"],
    narrow: undefined,
    wide: { every: "10s" },
    refused: /^not_read \|/,
    act: heardFromLog(minute),
    base: (document) => {
      asked()(document);
      document.identity.signals = {};
    },
  },
  {
    at: ["identity", "signals", "system_log", "every"],
    narrow: "1h",
    wide: "10s",
    refused: /^not_heard \|/,
    act: heardFromLog(minute),
    base: (document) => {
      asked()(document);
      document.identity.signals = { system_log: {} };
    },
  },
];
