import type * as z from "zod";
import { readProofClaims, splitProof } from "../../identity/dpop/proof.ts";
import { ProbeRefused, reportUnsigned } from "../../probes/errors.ts";
import { refusedRecord } from "../../probes/records.ts";
import type { ProbedHost, ProbeReport, ProbeTask, ReportSignature } from "../../probes/types.ts";
import { type Call, endpoint } from "../contract/endpoint.ts";
import { timeOf } from "../contract/schemas.ts";
import {
  probedHostSchema,
  probedHostsSchema,
  probeOfferSchema,
  probeOrderSchema,
  probeReportSchema,
  probeStartSchema,
  probeTaskSchema,
} from "./probe-schemas.ts";

/** The largest report: a thousand ways, as long as they usually are several times over. */
const MAX_REPORT_BYTES = 1_048_576;

/** Records a refusal before it is answered. */
async function recordingRefusal<T>(call: Call, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ProbeRefused) call.recordRefusal(refusedRecord(call.principal, call.address, error));
    throw error;
  }
}

function taskView({ probe, nonce, reportBy, gateway, targets }: ProbeTask): z.input<typeof probeTaskSchema> {
  return {
    probe,
    nonce,
    report_by: timeOf(reportBy),
    gateway: { ...gateway, ports: [...gateway.ports] },
    targets: targets.map(({ connection, protocol, state, endpoints }) => ({
      connection,
      protocol,
      state,
      endpoints: endpoints.map(({ addresses, leftOut, ...where }) => ({
        ...where,
        addresses: [...addresses],
        ...(leftOut === undefined ? {} : { addresses_left_out: leftOut }),
      })),
    })),
  };
}

function reportOf({ nonce, host, ways, credentials }: z.output<typeof probeReportSchema>): ProbeReport {
  return {
    nonce,
    host,
    ways,
    credentials: credentials.map(({ leads_to: leadsTo, ...rest }) => ({
      ...rest,
      ...(leadsTo === undefined ? {} : { leadsTo }),
    })),
  };
}

function hostView(host: ProbedHost): z.input<typeof probedHostSchema> {
  const { principal, connections, credentials, credentialsLeftOut } = host;
  return {
    probe: host.probe,
    host: host.host,
    address: host.address,
    principal: { ...principal, groups: [...principal.groups], actors: [...principal.actors] },
    ...(host.key === undefined ? {} : { key: host.key }),
    offered_by: host.offeredBy,
    probed_at: timeOf(host.probedAt),
    verdict: host.verdict,
    connections: connections.map(({ connection, verdict, open, undecided, probedAt }) => ({
      connection,
      verdict,
      open: [...open],
      undecided: [...undecided],
      probed_at: timeOf(probedAt),
    })),
    open: [...host.open],
    undecided: [...host.undecided],
    credentials: credentials.map(({ leadsTo, ...rest }) => ({
      ...rest,
      ...(leadsTo === undefined ? {} : { leads_to: leadsTo }),
    })),
    ...(credentialsLeftOut === undefined ? {} : { credentials_left_out: credentialsLeftOut }),
  };
}

/**
 * How the key that a report's token is bound to signed it; undefined for a bearer token.
 * @throws ProbeRefused when a bound token's proof does not cover the report
 */
function signatureOf({ verified, credential, bodyDigest: digest }: Call): ReportSignature | undefined {
  const { key } = verified;
  if (key === undefined) return undefined;
  const [proof] = credential?.shown.proofs ?? [];
  // The proof was checked when the request was let in.
  const covered = proof === undefined ? undefined : readProofClaims(splitProof(proof).claims).bodyDigest;
  if (proof === undefined || digest === undefined || covered !== digest) throw reportUnsigned();
  return { key, digest, proof };
}

/** Lets one host be told real addresses, once. */
export const offerProbe = endpoint({
  id: "POST /v1/probes",
  operationId: "offerProbe",
  summary:
    "Offer a probe: a token with which one host is told the real addresses of targets, once, to try them",
  description:
    "The token is good for one start within 15 minutes, by whoever has it. It is answered once and stored nowhere. At most 100 offers wait.",
  body: probeOrderSchema,
  answers: { 201: { description: "The offer", schema: probeOfferSchema } },
  async handle({ services, principal, body }) {
    const { probe, token, expiresAt, connections } = await services.probes.offer(principal, body.connections);
    return {
      status: 201,
      body: { probe, token, expires_at: timeOf(expiresAt), connections: [...connections] },
    };
  },
});

/** Tells real addresses to whoever has a token. */
export const startProbe = endpoint({
  id: "POST /v1/probes/start",
  operationId: "startProbe",
  summary:
    "Start a probe with an operator's token: answers the real addresses of targets, to be tried from here",
  description:
    "Whoever starts it reports it, from the same address and within 15 minutes. 403 probe_token_refused says nothing of why.",
  body: probeStartSchema,
  answers: { 200: { description: "What is to be tried", schema: probeTaskSchema } },
  async handle(call) {
    const { services, principal, verified, address, body } = call;
    const started = services.probes.start(principal, address, body.token, verified.key);
    const task = await recordingRefusal(call, started);
    return { status: 200, body: taskView(task) };
  },
});

/** Takes what a host found. */
export const reportProbe = endpoint({
  id: "POST /v1/probes/report",
  operationId: "reportProbe",
  summary: "Report what a probe found, once: answers what that proves",
  description:
    "A connection is closed where every address that was told was tried directly and is closed, and the target was up, and the gateway could connect to the address itself, before and after. Where that cannot be recorded (5xx) the report may be sent again. 403 probe_report_refused says nothing of why. Of a token that is bound to a key the proof has to cover the body (claim body_sha256), else 403 probe_report_unsigned.",
  body: probeReportSchema,
  bodyLimit: MAX_REPORT_BYTES,
  isSigned: true,
  answers: { 201: { description: "The host, probed", schema: probedHostSchema } },
  async handle(call) {
    const { services, principal, address, body } = call;
    const take = async (): Promise<ProbedHost> =>
      services.probes.report(principal, address, reportOf(body), signatureOf(call));
    const host = await recordingRefusal(call, take());
    return { status: 201, body: hostView(host) };
  },
});

/** Lists the hosts that were probed. */
export const listProbedHosts = endpoint({
  id: "GET /v1/probes",
  operationId: "listProbedHosts",
  summary: "The hosts that were probed, each connection as it was last: newest first, 500 at most",
  answers: { 200: { description: "The hosts", schema: probedHostsSchema } },
  async handle({ services }) {
    return { status: 200, body: { hosts: (await services.probes.hosts()).map(hostView) } };
  },
});
