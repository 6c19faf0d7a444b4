import type { IncomingHttpHeaders } from "node:http";
import * as z from "zod";
import { component } from "../contract/components.ts";
import { endpoint, openEndpoint } from "../contract/endpoint.ts";
import { isLoopback } from "../admission/limits.ts";

const healthSchema = component(
  "Health",
  z.object({
    status: z.enum(["ok", "unavailable"]),
    checks: z.array(
      z.object({
        name: z.string(),
        ok: z.boolean(),
        detail: z.string().optional().meta({ description: "For callers on the gateway's own machine alone" }),
      }),
    ),
  }),
);

/** The process answers. */
export const getHealthz = openEndpoint({
  id: "GET /healthz",
  operationId: "healthz",
  summary: "Whether the process lives",
  answers: { 200: { description: "It does", schema: healthSchema } },
  handle: () => ({ status: 200, body: { status: "ok", checks: [] } }),
});

/** The gateway can do its work. */
export const getReadyz = openEndpoint({
  id: "GET /readyz",
  operationId: "readyz",
  summary: "Whether the gateway can do its work: identity, store, log",
  answers: {
    200: { description: "It can", schema: healthSchema },
    503: { description: "It cannot, and which part fails", schema: healthSchema },
  },
  handle({ services, address }) {
    const { ready, checks } = services.health();
    const near = isLoopback(address);
    return {
      status: ready ? 200 : 503,
      body: {
        status: ready ? "ok" : "unavailable",
        checks: checks.map(({ name, ok, detail }) => ({
          name,
          ok,
          ...(near && detail !== undefined ? { detail } : {}),
        })),
      },
    };
  },
});

/** Prometheus metrics. */
export const getMetrics = endpoint({
  id: "GET /metrics",
  operationId: "metrics",
  summary:
    "Prometheus metrics: for operators, auditors and the token of telemetry.metrics, or without one from the loopback address",
  answers: {
    200: {
      description: "Metrics",
      schema: z.string(),
      mediaType: "text/plain; version=0.0.4; charset=utf-8",
    },
  },
  handle: async ({ services }) => ({ status: 200, body: await services.metrics() }),
});

/**
 * Whether a request may read the metrics without a token: a scraper on the gateway's own machine. Every sign of
 * someone else behind the loopback address refuses: a forwarding header (a reverse proxy on this machine), or a
 * host that is not the loopback's own name (a web page that rebinds its name to 127.0.0.1).
 */
export function isLocalScrape(address: string, headers: IncomingHttpHeaders): boolean {
  if (!isLoopback(address)) return false;
  // A browser on this machine is no scraper, whoever's page has it ask.
  const proxied = ["forwarded", "via", "origin", "cookie", "sec-fetch-site"];
  if (proxied.some((name) => name in headers)) return false;
  if (Object.keys(headers).some((name) => name.startsWith("x-forwarded") || name === "x-real-ip"))
    return false;
  // HTTP/2 names the host in :authority (RFC 9113, section 8.3.1); a request that names two must name the loopback twice.
  const hosts = [headers.host, headers[":authority"]].filter((host) => host !== undefined);
  return hosts.length > 0 && hosts.every((host) => isLoopbackHost(String(host)));
}

const isLoopbackHost = (host: string): boolean =>
  /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost)(:\d+)?$/i.test(host);
