import * as z from "zod";
import { byteSize, GIB, MIB } from "../kernel/byte-sizes.ts";
import { duration } from "../kernel/durations.ts";
import { secretSchema, TextFile } from "../kernel/secret.ts";
import { filePath, hostAndPort, namePattern, text } from "./fields.ts";

// The format of `export:`, as written.

const file = z.strictObject({
  path: filePath.meta({ description: "Appended to, made where it is not there; rename it to begin another" }),
  sync: z.enum(["always", "never"]).default("always").meta({
    description: "always: records count as delivered once they are on the disk; never: once they are written",
  }),
});

const certificateFile = filePath.transform((path): TextFile => new TextFile(path));

const syslog = z.strictObject({
  address: hostAndPort.meta({
    description: "HOST:PORT of the receiver; syslog over TLS is at 6514 by custom",
  }),
  ca: certificateFile.optional().meta({
    description: "PEM of the CA that signed the receiver's certificate, where it is not a public one",
  }),
  client_certificate: z
    .strictObject({ certificate: certificateFile, key: secretSchema })
    .optional()
    .meta({ description: "Our own certificate and key in PEM, where the receiver asks for one" }),
  resend: duration(1000, 3_600_000).default(60_000).meta({
    description: "When the connection breaks, what was sent less than this before is sent again",
  }),
});

const reachedOverHttp = {
  url: text,
  ca: certificateFile.optional().meta({
    description: "PEM of the CA that signed the receiver's certificate, where it is not a public one",
  }),
  allow_insecure_loopback: z.boolean().default(false),
};

const otlp = z.strictObject({
  ...reachedOverHttp,
  url: text.meta({ description: "The whole address: https://HOST:4318/v1/logs, or /v1/traces" }),
  signal: z.enum(["logs", "traces"]).default("logs").meta({
    description:
      "logs: every record; traces: the spans of each request, from ask to last act, and traceparent to what acts reach",
  }),
  headers: z
    .record(
      z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, "a header's name is lower-case, as authorization"),
      secretSchema,
    )
    .default({})
    .meta({ description: "Sent with every request" }),
});

const splunk = z.strictObject({
  ...reachedOverHttp,
  url: text.meta({ description: "https://HOST:8088; /services/collector/event follows it" }),
  token: secretSchema.meta({ description: "The token of the HTTP Event Collector" }),
  index: z
    .string()
    .regex(/^[a-z0-9_][a-z0-9_-]{0,79}$/, "an index is named in lower-case letters, digits, _ and -")
    .optional(),
  acknowledge: z.boolean().default(false).meta({
    description: "Records count as delivered once the indexers have them (indexer acknowledgment)",
  }),
});

const kinds = {
  file: file.optional(),
  syslog: syslog.optional(),
  otlp: otlp.optional(),
  splunk: splunk.optional(),
};

const destination = z
  .strictObject({
    name: z
      .string()
      .regex(
        namePattern,
        "a destination's name is made of lower-case letters, digits and hyphens, a letter first",
      )
      .meta({ description: "How far it has got is kept under this name" }),
    format: z.enum(["mayfly", "ocsf"]).default("mayfly").meta({
      description: "mayfly: records as they are; ocsf: events of the Open Cybersecurity Schema Framework",
    }),
    from: z.enum(["beginning", "now"]).default("beginning").meta({
      description: "Where a new destination begins: with the log's oldest record, or with the next one",
    }),
    ...kinds,
  })
  .superRefine((written, context) => {
    const named = Object.keys(kinds).filter((kind) => kind in written);
    if (named.length === 1) return;
    const message =
      named.length === 0
        ? `this says not where to: one of ${Object.keys(kinds).join(", ")}`
        : `this is ${named.join(" and ")} at once: give each a destination of its own`;
    context.addIssue({ code: "custom", message });
  });

/** Where the audit log is exported to as it is written. */
export const exportSchema: z.ZodObject<{
  hold_back: z.ZodDefault<ReturnType<typeof byteSize>>;
  destinations: z.ZodDefault<z.ZodArray<typeof destination>>;
}> = z.strictObject({
  hold_back: byteSize(MIB, 1024 * 1024 * GIB)
    .default(10 * GIB)
    .meta({
      description: "How much of the log retention leaves in place for a destination that has not got it yet",
    }),
  destinations: z.array(destination).max(20).default([]),
});

/** One destination, as written. */
export type WrittenDestination = z.output<typeof destination>;
