import * as z from "zod";
import { Secret, TextFile, secretSchema } from "../kernel/secret.ts";
import { checkpoints } from "./checkpoints.ts";
import { mcpClients } from "./mcp-clients.ts";
import { notifications } from "./notifications.ts";
import { groupsFrom, oktaApi } from "./okta-api.ts";
import { retention } from "./retention.ts";
import { shutdown } from "./shutdown.ts";
import { signals } from "./signals.ts";
import { store } from "./store.ts";
import { telemetry } from "./telemetry.ts";
import { exportSchema } from "./export-schema.ts";
import { byteSize, GIB } from "../kernel/byte-sizes.ts";
import { duration } from "../kernel/durations.ts";
import { count, filePath, origin, text, texts } from "./fields.ts";

// The format of every part of a configuration except the connections' protocols. Each part is checked by itself, so that an
// error in one does not hide another.

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const certificateFile = filePath.transform((path): TextFile => new TextFile(path));

/** Scopes (RFC 6749, section 3.3): no spaces, quotes or backslashes. */
const scopes = texts(0).refine((all) => all.every((one) => /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/.test(one)), {
  error: "a scope holds no spaces, quotes or backslashes",
});

const provider = z.strictObject({
  issuer: text.meta({ description: "The authorization server's issuer, exactly as its tokens say it" }),
  audience: z
    .union([text, texts(1)])
    .transform((written) => (typeof written === "string" ? [written] : written))
    .meta({
      description:
        "What aud of a token for this gateway is: the authorization server's audience, and the gateway's resource URL where registered agents ask for it",
    }),
  scopes: scopes.default(["mayfly"]).meta({
    description: "The scopes that a client is told to ask for (scopes_supported of the resource's metadata)",
  }),
  groups_claim: text.default("groups"),
  algorithms: z
    .array(z.enum(["RS256", "ES256"]))
    .min(1)
    .default(["RS256"]),
  groups_from: groupsFrom,
  okta_api: oktaApi.optional(),
  dpop: z.enum(["accept", "require"]).default("accept").meta({
    description: "accept: tokens bound to a key (DPoP) and bearer tokens; require: bound ones only",
  }),
  directory: z
    .record(text, z.strictObject({ name: text, owner: text.optional(), groups: texts(0).default([]) }))
    .default({})
    .meta({ description: "By client id: service apps, whose tokens carry no groups" }),
  outage: duration(0, 7 * day).default(hour),
  introspection: z
    .strictObject({
      client_id: text,
      client_secret: secretSchema,
      every: duration(5 * second, hour).default(minute),
    })
    .optional(),
  reverify: duration(10 * second, day)
    .optional()
    .meta({
      description: "No session lives longer than this past the last proof that its agent is still good",
    }),
  ca: certificateFile.optional(),
  allow_insecure_loopback: z.boolean().default(false),
});

/** Words for a button. */
const label = text.max(60);

const oidc = z.strictObject({
  issuer: text.meta({ description: "The provider's issuer, exactly as its ID tokens say it" }),
  client_id: text,
  client_secret: secretSchema.optional(),
  groups_claim: text.default("groups"),
  login_claim: text.default("preferred_username"),
  scopes: texts(1).default(["openid", "profile", "email", "groups"]),
  algorithms: z
    .array(z.enum(["RS256", "ES256"]))
    .min(1)
    .default(["RS256"]),
  ca: certificateFile.optional(),
  allow_insecure_loopback: z.boolean().default(false),
  label: label.default("Okta"),
});

const saml = z.strictObject({
  metadata: filePath
    .transform((path): TextFile => new TextFile(path))
    .meta({
      description: "The file with the identity provider's metadata, as Okta gives it for download",
    }),
  entity_id: text.optional(),
  groups_attribute: text.default("groups"),
  login_attribute: text.optional(),
  id_attribute: text.optional().meta({
    description: "The attribute with the provider's own id of the person, which no renaming changes",
  }),
  allow_provider_initiated: z.boolean().default(false),
  clock_skew: duration(0, minute).default(30 * second),
  label: label.default("Okta (SAML)"),
});

const people = z.strictObject({
  clients: texts(0).default([]),
  issuers: texts(1).optional().meta({
    description: "Of which of the agents' issuers `clients` are; left out: those on the host of the first",
  }),
  oidc: oidc.optional(),
  saml: saml.optional(),
  sessions: z
    .strictObject({
      idle: duration(minute, day).default(30 * minute),
      absolute: duration(minute, 7 * day).default(8 * hour),
    })
    .prefault({}),
  groups_max_age: duration(second, day).default(15 * minute),
});

const identity = z.strictObject({
  agents: z.union([provider, z.array(provider).min(1)], {
    error: "this must be one provider or a list of them",
  }),
  people: people.prefault({}),
  mcp_clients: mcpClients.optional(),
  signals: signals.optional(),
  roles: z
    .strictObject({
      reviewer: texts(0).default([]),
      operator: texts(0).default([]),
      auditor: texts(0).default([]),
    })
    .default({ reviewer: [], operator: [], auditor: [] }),
});

/** C2SP tlog-checkpoint: the origin line; note key names hold neither spaces nor plus signs. */
export const logName = z
  .string()
  .regex(/^[^\s+]{1,255}$/, "a log's name holds no spaces and no plus sign")
  // It is a part of paths, in a bucket and elsewhere.
  .refine(
    (name) => !name.split("/").some((part) => part === "" || part === "." || part === ".."),
    "a log's name has no empty part, no . and no .. between slashes",
  );

/** The parts of a configuration, each with its schema; `listen` is `listenSchema` of listen.ts. */
export const parts = {
  url: origin,
  tls: z.strictObject({
    certificate: certificateFile,
    key: filePath.transform((path): Secret => new Secret(undefined, { file: path })),
  }),
  store,
  data: filePath,
  identity,
  audit: z.strictObject({
    folder: filePath.optional(),
    name: z
      .union([logName, z.strictObject({ env: text })], {
        error: "this must be a name without spaces and plus signs, or { env: NAME }",
      })
      .optional()
      .meta({
        description:
          "The log's name; { env: NAME } where gateways share this file and each must have its own",
      }),
    sync: z.enum(["batched", "always"]).default("batched"),
    reserve: byteSize(0, 1024 * GIB).optional(),
    checkpoint_every: duration(second, hour).default(minute),
    witnessed: z.string().min(1).optional(),
    checkpoints: checkpoints.optional(),
    retention: retention.optional(),
  }),
  limits: z.strictObject({
    connections: count(1, 1_000_000).default(4096),
    connections_per_address: count(1, 1_000_000).default(1024),
    sessions_per_grant: count(1, 1_000_000).default(32),
    sessions_per_principal: count(1, 1_000_000).default(64),
    handshake: duration(second, 5 * minute).default(10 * second),
    message_bytes: count(1024, 1_073_741_823).default(16_777_216),
    statement_bytes: count(1024, 4_194_304).default(1_048_576),
    pending_per_principal: count(1, 10_000).default(20),
    acts_per_second: count(1, 1_000_000).default(5000),
    record_bytes_per_second: count(1024, 1_073_741_823).default(2_097_152),
  }),
  shutdown,
  notifications,
  export: exportSchema,
  telemetry,
} as const;

/** Planned protocols: a connection of one is refused as not enforceable yet, not as unknown. */
export const plannedProtocols: readonly string[] = ["mysql", "ssh"];

/** How much risk an operation carries, as reviewers see it. */
export const risk = z.enum(["low", "medium", "high"]).default("low");
