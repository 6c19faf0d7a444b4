import { secretRule, storeRule } from "./bad.ts";
import type { Bad } from "./bad.ts";

const signals = (text: string): string => `  signals: ${text}\n  people:\n`;

const limits = "limits: { connections: 100 }";
const exported = (destination: string, more = ""): string =>
  `export: { ${more}destinations: [${destination}] }\n${limits}`;

export const gateway: Readonly<Record<string, readonly Bad[]>> = {
  "who may say that somebody is no longer good": [
    ["  people:\n", signals("{ ssf: { issuer: §http://ssf.example.net } }"), "this must start with https://"],
    ["  people:\n", signals("{ ssf: { issuer: §transmitter } }"), "this is not a URL", "write https://HOST"],
    [
      "  people:\n",
      signals("{ org: §https://other.okta.com }"),
      "no issuer of agents or people is at this org: its word would end nothing",
      "write where they are: https://example.okta.com",
    ],
  ],
  "where the log goes": [
    [limits, exported("§{ name: siem }"), "this says not where to: one of file, syslog, otlp, splunk"],
    [
      limits,
      exported("§{ name: siem, file: { path: a }, syslog: { address: siem:6514 } }"),
      "this is file and syslog at once: give each a destination of its own",
    ],
    [
      limits,
      exported("{ name: §SIEM, file: { path: a } }"),
      "a destination's name is made of lower-case letters, digits and hyphens, a letter first",
    ],
    [
      limits,
      exported("{ name: siem, file: { path: a } }, { name: shipper, file: { path: §b/../a } }"),
      "another destination writes to this file",
      "give each its own",
    ],
    [
      limits,
      exported("{ name: siem, file: { path: §data/mayfly.db } }"),
      "this file is inside the gateway's own folder",
      "name one outside it",
    ],
    [
      limits,
      exported("{ name: siem, file: { path: §./mayfly.yaml } }"),
      "this file is the configuration itself",
      "name another",
    ],
    [limits, exported("{ name: siem, syslog: { address: §siem:0 } }"), "port 0 leads nowhere"],
    [
      limits,
      exported("{ name: siem, syslog: { address: §siem } }"),
      "this is not an address",
      "write HOST:PORT, for example 0.0.0.0:8443",
    ],
    [limits, exported("{ name: siem, otlp: { url: §http://collector } }"), "this must start with https://"],
    [
      limits,
      exported('{ name: siem, otlp: { url: §"http://collector", allow_insecure_loopback: true } }'),
      "http:// is only for a host on the loopback address",
      "use https://",
    ],
    [limits, exported("{ name: siem, splunk: { url: https://splunk, token: §hunter2 } }"), secretRule],
    [
      limits,
      exported(
        "{ name: siem, otlp: { url: https://collector, headers: { §X-Key: { env: ORDERS_DB_PASSWORD } } } }",
      ),
      "a header's name is lower-case, as authorization",
    ],
    [
      limits,
      exported("{ name: siem, file: { path: a } }", "hold_back: §0MiB, "),
      "this is less than 1.0 MiB",
    ],
    [
      limits,
      exported("{ name: siem, syslog: { address: siem:6514, resend: §2h } }"),
      "this is longer than 1h",
    ],
  ],
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
    [
      "checkpoint_every: 20s",
      "retention: §{ archive: { folder: archive } }",
      "this says neither `keep` nor `size`: nothing would ever go",
    ],
    [
      "checkpoint_every: 20s",
      "retention: { size: §100GB, archive: { folder: archive } }",
      "this is not a size",
      "write 512MiB, 100GiB or 2TiB",
    ],
    [
      "checkpoint_every: 20s",
      "retention: { size: §0MiB, archive: { folder: archive } }",
      "this is less than 1.0 MiB",
    ],
    [
      "checkpoint_every: 20s",
      "retention: { keep: 90d, archive: { folder: §data/audit/archive } }",
      "the archive is inside the log's own folder",
      "name a folder outside it, on another disk best",
    ],
    [
      "checkpoint_every: 20s",
      "retention: { keep: 90d, archive: { folder: §data } }",
      "the log's own folder is inside the archive",
      "name a folder outside it, on another disk best",
    ],
    ["checkpoint_every: 20s", "checkpoints: { to: §[] }", "this must not be empty"],
    [
      "checkpoint_every: 20s",
      "checkpoints: { to: [§{ name: nas }] }",
      "a destination is one of file, folder, webhook, s3, witness, and this is none",
    ],
    [
      "checkpoint_every: 20s",
      "checkpoints: { to: [§{ name: nas, file: a, folder: b }] }",
      "a destination is one of file, folder, webhook, s3, witness, and this is file and folder",
    ],
    [
      "checkpoint_every: 20s",
      "checkpoints: { to: [{ name: nas, file: §data/audit/checkpoints.txt }] }",
      "this is inside the log's own folder",
      "name a place elsewhere: whoever can shorten the log must not reach it",
    ],
    [
      "checkpoint_every: 20s",
      "checkpoints: { to: [{ name: nas, file: a }, { name: §nas, file: b }] }",
      "another destination has this name",
    ],
    [
      "checkpoint_every: 20s",
      "checkpoints: { to: [{ name: hook, webhook: { url: §http://hook.example } }] }",
      "this must start with https://",
    ],
    [
      "checkpoint_every: 20s",
      "checkpoints: { to: [{ name: hook, webhook: { url: https://hook.example, headers: { §Content-Length: { env: PATH } } } }] }",
      "mayflyd sets this header itself",
    ],
    [
      "checkpoint_every: 20s",
      "checkpoints: { to: [{ name: hook, webhook: { url: https://hook.example, headers: { authorization: §Bearer x } } }] }",
      "a secret is named, never written: { env: NAME } or { file: PATH }",
    ],
    [
      "checkpoint_every: 20s",
      "checkpoints: { to: [{ name: w, witness: { url: https://w.example, key: §w.example+00000000+AAAA } }] }",
      "this is not a witness's key: only Ed25519 cosignatures are understood",
      "copy it from the witness's operator: NAME+ID+KEY",
    ],
    ["sync: always", "name: §my log", "a log's name holds no spaces and no plus sign"],
    [
      "sync: always",
      "name: §prod/../other",
      "a log's name has no empty part, no . and no .. between slashes",
    ],
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
      "    saml: { metadata: §not-pem.txt }",
      "the file holds no SAML metadata (EntityDescriptor)",
      "download it from the identity provider: Okta calls it Identity Provider metadata",
    ],
    [
      "    clients: [cli]",
      "    sessions: { idle: §9h }",
      "this is longer than a session lives at all",
      "make it shorter than absolute",
    ],
    ["    clients: [cli]", "    sessions: { idle: §1s }", "this is shorter than 1m"],
    ["    clients: [cli]", "    groups_max_age: §2d", "this is longer than 1d"],
    [
      "client_id: 0oa9,",
      "client_id: 0oa9, scopes: §[profile],",
      "without openid there is no sign-in",
      "add openid",
    ],
    [
      "client_id: 0oa9,",
      "client_id: 0oa9, algorithms: [§HS256],",
      "this must be one of RS256, ES256",
      "did you mean RS256?",
    ],
    ["client_id: 0oa9,", "client_id: 0oa9, ca: §not-pem.txt,", "the file holds no certificate in PEM"],
    [
      "oidc: { issuer: https://example.okta.com,",
      "oidc: { issuer: §http://127.0.0.1:9,",
      "this must start with https://",
      "to try things out on this machine alone: allow_insecure_loopback: true beside it",
    ],
    ["reviewer: [support-leads, sre]", 'reviewer: [support-leads, §""]', "this must not be empty"],
    [
      "issuer: https://example.okta.com,",
      "issuer: §ftp://example.okta.com,",
      "this must start with https://",
    ],
  ],
};
