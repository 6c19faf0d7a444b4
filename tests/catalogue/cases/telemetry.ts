import { request } from "node:http";
import { alone, serving } from "../acts/gateway.ts";
import { loads, type Case, type Document } from "../case.ts";

/** Alone, with a port for metrics. */
const withPort = (document: Document): void => {
  alone(document);
  document.listen.metrics = "127.0.0.1:0";
};

/** Asks for the metrics, as a scraper elsewhere would whose proxy is on this machine. */
const scraped = serving(async ({ ports }) => {
  const headers = { "x-forwarded-for": "10.0.0.1", authorization: `Bearer ${"scrape".repeat(4)}` };
  const port = ports.get("metrics");
  if (port === undefined) return "no port";
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path: "/metrics", headers, agent: false }, (response) => {
      response.resume();
      response.once("end", () =>
        resolve(response.statusCode === 200 ? "passed" : `refused | ${String(response.statusCode)}`),
      );
    });
    sent.once("error", reject).end();
  });
});

export const telemetryCases: readonly Case[] = [
  {
    at: ["listen", "metrics"],
    narrow: "0.0.0.0:0",
    wide: "127.0.0.1:0",
    refused: /^configuration \| whoever reaches this port could read the metrics/,
    act: loads,
    base: alone,
  },
  {
    at: ["telemetry", "metrics", "token"],
    narrow: undefined,
    wide: { env: "SCRAPE" },
    refused: /^refused \| 401/,
    act: scraped,
    base: withPort,
  },
];
