import * as z from "zod";
import type { Secret } from "../kernel/secret.ts";
import { secretSchema } from "../kernel/secret.ts";
import { check, finding, type Finding } from "./findings.ts";
import { loadSecrets, type Sources } from "./secrets.ts";
import type { ListenAddress } from "./types.ts";

/** What the gateway tells of itself, and to whom. */
export interface TelemetryConfiguration {
  readonly metrics: {
    /** Whoever shows it may read the metrics, and do nothing else. */
    readonly token?: Secret;
  };
}

export const telemetry = z.strictObject({
  metrics: z
    .strictObject({
      token: secretSchema.optional().meta({
        description: "A bearer token for Prometheus: good for /metrics alone. At least 20 characters",
      }),
    })
    .prefault({}),
});

/** Shorter ones could be guessed: 20 characters of hexadecimal digits are 80 bits. */
const MIN_TOKEN_CHARACTERS = 20;
/** RFC 6750, section 2.1. */
const bearerToken = /^[A-Za-z0-9\-._~+/]+=*$/;

/**
 * Checks and completes `telemetry:`, and loads its secrets. Left out: it is left out.
 * @param at `listen.metrics`, which may be open to others only where they need a token
 */
export async function readTelemetry(
  written: unknown,
  at: ListenAddress | undefined,
  sources: Sources,
): Promise<{ readonly telemetry?: TelemetryConfiguration; readonly findings: readonly Finding[] }> {
  const read = written === undefined ? undefined : check(telemetry, written, ["telemetry"]);
  if (read?.ok === false) return { findings: read.findings };
  const token = read?.output.metrics.token;
  const findings = await loadSecrets(read?.output, ["telemetry"], sources);
  const path = ["telemetry", "metrics", "token"];
  const text = token?.isLoaded === true ? token.reveal() : undefined;
  if (text !== undefined && (text.length < MIN_TOKEN_CHARACTERS || !bearerToken.test(text)))
    findings.push(
      finding(
        "value",
        path,
        `this secret is no bearer token of at least ${MIN_TOKEN_CHARACTERS} characters`,
        "make one: openssl rand -hex 32",
      ),
    );
  if (at !== undefined && token === undefined && !isLoopback(at.host))
    findings.push(
      finding(
        "value",
        ["listen", "metrics"],
        "whoever reaches this port could read the metrics",
        "set telemetry.metrics.token, or listen on the loopback address",
      ),
    );
  if (read === undefined) return { findings };
  return { telemetry: { metrics: token === undefined ? {} : { token } }, findings };
}

/** Whether an address of `listen` is reached from this machine alone. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}
