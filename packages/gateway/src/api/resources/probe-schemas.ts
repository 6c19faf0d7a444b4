import * as z from "zod";
import {
  connectionVerdicts,
  isBorneOut,
  targetStates,
  wayFindings,
  wayKinds,
  wayOutcomes,
} from "../../probes/types.ts";
import { component } from "../contract/components.ts";
import { requesterSchema, timeSchema } from "../contract/schemas.ts";
import { lineText, readableText } from "../contract/texts.ts";

/** Most connections that one probe can name; without names it is of all. */
const MAX_CONNECTIONS = 100;
const MAX_WAYS = 1000;
const MAX_CREDENTIALS = 300;
const MAX_PLACES_OF_WAY = 20;
const MAX_SECRET_CHARACTERS = 200;
const MAX_HOST_CHARACTERS = 253;

const placeText = lineText(500);

export const probeOrderSchema = component(
  "ProbeOrder",
  z.strictObject({
    connections: z
      .array(readableText(200))
      .min(1)
      .max(MAX_CONNECTIONS)
      .optional()
      .meta({ description: "Whose real addresses may be told; left out: all connections'" }),
  }),
);

export const probeOfferSchema = component(
  "ProbeOffer",
  z.object({
    probe: z.string(),
    token: z.string().meta({ description: "Good for one start; given once, stored nowhere" }),
    expires_at: timeSchema,
    connections: z.array(z.string()),
  }),
);

// What is no token is refused as a wrong one is.
export const probeStartSchema = component(
  "ProbeStart",
  z.strictObject({ token: z.string().max(MAX_SECRET_CHARACTERS) }),
);

const probeEndpointSchema = component(
  "ProbeEndpoint",
  z.object({
    host: z.string().meta({ description: "A name, or an address without brackets" }),
    port: z.int(),
    speaks: z.enum(["postgres", "https", "http"]),
    database: z.string().optional(),
    user: z.string().optional().meta({ description: "The role that the gateway logs in as" }),
    addresses: z.array(z.string()).meta({
      description:
        "As the gateway's own resolver says, and where one of them means the gateway's machine (127.0.0.1, say) that one's others",
    }),
    addresses_left_out: z
      .int()
      .optional()
      .meta({ description: "How many more it has: the verdict is undecided then" }),
  }),
);

const probeTargetSchema = component(
  "ProbeTarget",
  z.object({
    connection: z.string(),
    protocol: z.string(),
    state: z.enum(targetStates).meta({ description: "As the gateway itself finds it now" }),
    endpoints: z
      .array(probeEndpointSchema)
      .meta({ description: "Empty: no address leads there, as the gateway starts it itself" }),
  }),
);

export const probeTaskSchema = component(
  "ProbeTask",
  z.object({
    probe: z.string(),
    nonce: z.string().meta({ description: "Good for one report; given once, stored nowhere" }),
    report_by: timeSchema,
    gateway: z
      .object({
        host: z.string(),
        port: z.int().meta({ description: "Of its URL" }),
        ports: z
          .array(z.int())
          .meta({ description: "This one, and those of protocols with a port of their own" }),
      })
      .meta({ description: "Where agents reach the gateway: no way around it" }),
    targets: z.array(probeTargetSchema),
  }),
);

const probeWaySchema = component(
  "ProbeWay",
  z
    .strictObject({
      connection: readableText(200)
        .optional()
        .meta({ description: "Whose target it leads to: one of the probe's; left out: no connection's" }),
      to: lineText(300).meta({ description: "10.0.0.7:5432, for example" }),
      by: lineText(200).meta({
        description: "address 10.0.0.7, proxy HTTPS_PROXY, metadata address, for example",
      }),
      kind: z.enum(wayKinds),
      address: lineText(100).optional(),
      port: z.int().min(1).max(65_535).optional(),
      outcome: z.enum(wayOutcomes),
      found: z.enum(wayFindings).meta({
        description:
          "open: answered. closed: refused, timeout, unreachable, denied, no_name, rejected or absent. undecided: any",
      }),
      detail: lineText(300, 0),
      credentials: z
        .array(placeText)
        .max(MAX_PLACES_OF_WAY)
        .optional()
        .meta({ description: "Places of credentials that it would be used with" }),
    })
    .refine(isBorneOut, { path: ["found"], error: "does not bear out the outcome" }),
);

const probeCredentialSchema = component(
  "ProbeCredential",
  z.strictObject({
    kind: lineText(40),
    place: placeText.meta({ description: "A file, or a variable of the environment; never its value" }),
    name: lineText(200, 0),
    leads_to: lineText(300).optional(),
  }),
);

export const probeReportSchema = component(
  "ProbeReport",
  z.strictObject({
    nonce: z.string().max(MAX_SECRET_CHARACTERS),
    host: lineText(MAX_HOST_CHARACTERS).meta({ description: "The machine's own name" }),
    ways: z.array(probeWaySchema).max(MAX_WAYS),
    credentials: z.array(probeCredentialSchema).max(MAX_CREDENTIALS),
  }),
);

export const probedHostSchema = component(
  "ProbedHost",
  z.object({
    probe: z.string(),
    host: z.string().meta({ description: "As the machine calls itself" }),
    address: z.string().meta({ description: "Where the report came from, as the gateway saw it" }),
    principal: requesterSchema,
    key: z.string().optional().meta({
      description: "Thumbprint (RFC 7638) of the key that the report is signed with; absent: a bearer token",
    }),
    offered_by: z.string(),
    probed_at: timeSchema.meta({ description: "Of the last report" }),
    verdict: z.enum(wayOutcomes).meta({ description: "The worst of its connections and its other ways" }),
    connections: z.array(
      z.object({
        connection: z.string(),
        verdict: z.enum(connectionVerdicts).meta({
          description:
            "closed: every address that was told was tried and closed while the target was up. no_address: no address leads " +
            "there, as the gateway starts it itself",
        }),
        open: z.array(z.string()).meta({ description: "Ways that stand open, in words" }),
        undecided: z.array(z.string()).meta({ description: "What keeps it from being closed, in words" }),
        probed_at: timeSchema.meta({
          description: "When that was reported: the host's last report may be of others",
        }),
      }),
    ),
    open: z.array(z.string()).meta({ description: "Open ways that are no connection's, in words" }),
    undecided: z.array(z.string()).meta({ description: "Those that nobody could decide about, in words" }),
    credentials: z.array(probeCredentialSchema),
    credentials_left_out: z
      .int()
      .optional()
      .meta({ description: "How many more there are; the record path.probed has them" }),
  }),
);

export const probedHostsSchema = component("ProbedHosts", z.object({ hosts: z.array(probedHostSchema) }));
