import * as z from "zod";
import { Secret, TextFile, secretSchema } from "../kernel/secret.ts";
import { notifications } from "./notifications.ts";
import { count, duration, filePath, hostAndPort, origin, refuse, text, texts } from "./fields.ts";

// The format of every part of a configuration but the connections' protocols. Each part is checked by itself, so
// that an error in one hides none in another.

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const certificateFile = filePath.transform((path): TextFile => new TextFile(path));

/** A store in a file, or PostgreSQL by a URL without a password, or by one that is a secret. */
const store = z
  .union([z.string(), z.strictObject({ postgres: secretSchema })], {
    error: "this must be sqlite:PATH, postgres://USER@HOST/DATABASE or { postgres: { env: NAME } }",
  })
  .meta({
    description:
      "sqlite:PATH, postgres://USER@HOST/DATABASE, or { postgres: { env: NAME } } for a URL with a password",
  })
  .transform((written, context) => {
    if (typeof written !== "string") return { kind: "postgres" as const, url: written.postgres };
    if (written.startsWith("sqlite:")) {
      const path = written.slice("sqlite:".length);
      if (path !== "" && path !== ":memory:" && !/[?#\0\n]/.test(path))
        return { kind: "sqlite" as const, file: path };
      return refuse(
        context,
        written,
        "sqlite: must be followed by the path of a file",
        "write sqlite:data/mayfly.db",
      );
    }
    const problem = problemOfStoreUrl(written);
    if (problem !== undefined) return refuse(context, written, problem.message, problem.hint);
    return { kind: "postgres" as const, url: new Secret(written) };
  });

/** What is wrong with a PostgreSQL URL that is written out; a password in it, whatever else is wrong, comes first. */
function problemOfStoreUrl(written: string): { message: string; hint: string } | undefined {
  if (/^[a-z]+:\/\/[^/]*?:.*@/is.test(written) || /[?&][a-z]*password=/i.test(written)) {
    return {
      message: "a password stands in this URL, and a secret is named, never written",
      hint: "write store: { postgres: { env: NAME } } and put the whole URL into that variable",
    };
  }
  if (isPostgresUrl(written)) return undefined;
  return {
    message: "this must be sqlite:PATH, postgres://USER@HOST/DATABASE or { postgres: { env: NAME } }",
    hint: "write sqlite:data/mayfly.db for a store in a file",
  };
}

/** Whether a text is the URL of a PostgreSQL database. */
export function isPostgresUrl(written: string): boolean {
  return /^postgres(ql)?:\/\/\S+$/.test(written) && URL.canParse(written);
}

const address = hostAndPort.transform((at) => ({ ...at, allowInsecureLoopback: false }));

const provider = z.strictObject({
  issuer: text.meta({ description: "The authorization server's issuer, exactly as its tokens say it" }),
  audience: z
    .union([text, texts(1)])
    .transform((written) => (typeof written === "string" ? [written] : written))
    .meta({
      description:
        "What aud of a token for this gateway is: the authorization server's audience, and the gateway's resource URL where registered agents ask for it",
    }),
  groups_claim: text.default("groups"),
  algorithms: z
    .array(z.enum(["RS256", "ES256"]))
    .min(1)
    .default(["RS256"]),
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
  allow_provider_initiated: z.boolean().default(false),
  clock_skew: duration(0, minute).default(30 * second),
  label: label.default("Okta (SAML)"),
});

const people = z.strictObject({
  clients: texts(0).default([]),
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
  roles: z
    .strictObject({
      reviewer: texts(0).default([]),
      operator: texts(0).default([]),
      auditor: texts(0).default([]),
    })
    .default({ reviewer: [], operator: [], auditor: [] }),
});

const ttl = duration(second, day);

/** One entry of `policies:`, as written. */
export const policy = z.strictObject({
  name: text,
  forbid: z.boolean().default(false),
  groups: texts(1),
  connection: text,
  operations: texts(1),
  ttl: z
    .union([ttl.transform((ms) => ({ default: ms, max: ms })), z.strictObject({ default: ttl, max: ttl })], {
      error: "this must be a duration such as 5m, or { default: 5m, max: 15m }",
    })
    .optional(),
  when: text.optional(),
  approval: z
    .strictObject({
      by: texts(1),
      count: count(1, 20).default(1),
      within: duration(second, 7 * day).default(30 * minute),
      escalate: z
        .strictObject({ after: duration(second, 7 * day), to: texts(1) })
        .optional()
        .meta({ description: "After that time, members of these groups may decide as well" }),
      fresh_sign_in: duration(30 * second, day)
        .optional()
        .meta({ description: "How long ago, at most, whoever approves must have signed in" }),
      refusals: count(1, 20).default(1).meta({ description: "How many refusals end the request" }),
    })
    .optional(),
  break_glass: z.boolean().default(false).meta({
    description: "Permits at once, in an emergency alone: when the request says so; everybody is told",
  }),
});

/** The parts of a configuration, each with its schema. */
export const parts = {
  url: origin,
  listen: z.strictObject({
    https: address.optional(),
    postgres: z
      .union(
        [
          address,
          z.strictObject({ address: hostAndPort, allow_insecure_loopback: z.boolean().default(false) }),
        ],
        { error: "this must be HOST:PORT, or { address: HOST:PORT, allow_insecure_loopback: true }" },
      )
      .transform((at) =>
        "address" in at ? { ...at.address, allowInsecureLoopback: at.allow_insecure_loopback } : at,
      )
      .optional(),
  }),
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
      .string()
      // C2SP tlog-checkpoint: the origin line; note key names hold neither spaces nor plus signs.
      .regex(/^[^\s+]{1,255}$/, "a log's name holds no spaces and no plus sign")
      .optional(),
    sync: z.enum(["batched", "always"]).default("batched"),
    checkpoint_every: duration(second, hour).default(minute),
    witnessed: z.string().min(1).optional(),
  }),
  limits: z.strictObject({
    connections: count(1, 1_000_000).default(4096),
    connections_per_address: count(1, 1_000_000).default(1024),
    sessions_per_grant: count(1, 1_000_000).default(32),
    sessions_per_principal: count(1, 1_000_000).default(64),
    handshake: duration(second, 5 * minute).default(10 * second),
    message_bytes: count(1024, 1_073_741_823).default(16_777_216),
    pending_per_principal: count(1, 10_000).default(20),
  }),
  notifications,
} as const;

/** Protocols of the design; one that no registered protocol serves is refused as not enforceable. */
export const protocolsOfTheDesign: readonly string[] = [
  "postgres",
  "http",
  "kubernetes",
  "mcp",
  "mysql",
  "ssh",
];

/** How much risk an operation carries, as reviewers see it. */
export const risk = z.enum(["low", "medium", "high"]).default("low");
