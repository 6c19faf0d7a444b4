import { storeRule } from "./bad.ts";
import type { Bad } from "./bad.ts";

export const gateway: Readonly<Record<string, readonly Bad[]>> = {
  "the gateway itself": [
    ["url: https://mayfly.internal:8443", "url: §http://mayfly.internal", "this must start with https://"],
    ["url: https://mayfly.internal:8443", "url: §http://127.0.0.1:8443", "this must start with https://"],
    ["url: https://mayfly.internal:8443", "url: §mayfly", "this is not a URL", "write https://HOST"],
    [
      "url: https://mayfly.internal:8443",
      "url: §https://mayfly.internal/path",
      "this URL takes no path",
      "end it after host and port",
    ],
    [
      "url: https://mayfly.internal:8443",
      "url: §https://mayfly.internal/?a=1",
      "this URL takes no query and no fragment",
    ],
    [
      "url: https://mayfly.internal:8443",
      "url: §https://me:hunter2@mayfly.internal",
      "a user name or password does not belong in this URL",
    ],
    [
      "url: https://mayfly.internal:8443",
      "url: §8443",
      "this must be a text, and is a number",
      "put it between quotes",
    ],
    [
      "postgres: 0.0.0.0:6432",
      "postgres: §0.0.0.0",
      "this is not an address",
      "write HOST:PORT, for example 0.0.0.0:8443",
    ],
    ["postgres: 0.0.0.0:6432", "postgres: §0.0.0.0:70000", "a port is a number up to 65535"],
    [
      "postgres: 0.0.0.0:6432",
      "postgres: §0.0.0:6432",
      "this address names no host",
      "write an IP address or a host name",
    ],
    [
      "postgres: 0.0.0.0:6432",
      "postgres: §6432",
      "this must be HOST:PORT, or { address: HOST:PORT, allow_insecure_loopback: true }",
    ],
    [
      "postgres: 0.0.0.0:6432",
      "postgres: §0.0.0.0:8443",
      "this is the address that https listens on",
      "give each its own port",
    ],
    [
      "postgres: 0.0.0.0:6432",
      "postgres: { address: 0.0.0.0:6432, allow_insecure_loopback: §1 }",
      "this must be true or false, and is a number",
    ],
    [
      "sqlite:data/mayfly.db",
      "§mysql://db/mayfly",
      storeRule,
      "write sqlite:data/mayfly.db for a store in a file",
    ],
    [
      "sqlite:data/mayfly.db",
      '§"sqlite:"',
      "sqlite: must be followed by the path of a file",
      "write sqlite:data/mayfly.db",
    ],
    [
      "sqlite:data/mayfly.db",
      '§"sqlite::memory:"',
      "sqlite: must be followed by the path of a file",
      "write sqlite:data/mayfly.db",
    ],
    ["sync: always", "sync: §alway", "this must be one of batched, always", "did you mean always?"],
    ["checkpoint_every: 20s", "checkpoint_every: §20", "this must be a duration such as 30s, 5m or 8h"],
    ["checkpoint_every: 20s", "checkpoint_every: §2d", "this is longer than 1h"],
    ["sync: always", "name: §my log", "a log's name holds no spaces and no plus sign"],
    ["connections: 100", "connections: §0", "this must be at least 1"],
    ["connections: 100", "connections: §1.5", "this must be a whole number"],
    [
      "connections: 100",
      'connections: §"100"',
      "this must be a number, and is a text",
      "write it without quotes and units",
    ],
    ["limits: { connections: 100 }", "limits: §no", "this must be a mapping, and is a text"],
    ["limits:", "data: §[a]\nlimits:", "this must be a text, and is a list"],
  ],
  identity: [
    [
      "issuer: https://example.okta.com/oauth2",
      "issuer: §http://example.okta.com/oauth2",
      "this must start with https://",
    ],
    ["outage: 2h", "outage: §30d", "this is longer than 7d"],
    ["outage: 2h", "outage: §soon", "this is not a duration", "write 30s, 5m or 8h"],
    ["outage: 2h", "algorithms: [§HS256]", "this must be one of RS256, ES256", "did you mean RS256?"],
    ["outage: 2h", "algorithms: §[]", "this must not be empty"],
    [
      "outage: 2h",
      "algorithms: §RS256",
      "this must be a list, and is a text",
      "put it between brackets: [ … ]",
    ],
    ["outage: 2h", "ca: §not-pem.txt", "the file holds no certificate in PEM"],
    ["every: 30s", "every: §1s", "this is shorter than 5s"],
    [
      "groups: [support-agents] }\n    outage",
      "groups: [a, §a] }\n    outage",
      "this stands twice in the list",
    ],
    [
      "    clients: [cli]",
      "    §saml: { metadata: okta.xml }",
      "saml cannot be enforced yet",
      "people sign in through oidc, or come with tokens of identity.people.clients",
    ],
    ["reviewer: [support-leads, sre]", 'reviewer: [support-leads, §""]', "this must not be empty"],
    [
      "issuer: https://example.okta.com,",
      "issuer: §ftp://example.okta.com,",
      "this must start with https://",
    ],
  ],
};
