import { Gauge, Registry } from "prom-client";
import { expect, test } from "vitest";
import { createDurationMetric } from "../telemetry/duration-metric.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { metricsAmong } from "./metrics.ts";
import type { Siblings } from "./siblings.ts";

/** The metrics of one worker, as they reach another one. */
async function metricsOf(
  values: Readonly<Record<string, number>>,
): Promise<Awaited<ReturnType<Metrics["json"]>>> {
  const registry = new Registry();
  for (const [name, value] of Object.entries(values))
    new Gauge({ name, help: name, registers: [registry] }).set(value);
  return JSON.parse(JSON.stringify(await registry.getMetricsAsJSON())) as never;
}

/** What a scrape of the first of three workers shows. @param others what the others say; undefined is no answer */
async function scraped(
  own: Readonly<Record<string, number>>,
  ...others: (Readonly<Record<string, number>> | undefined)[]
): Promise<string> {
  const siblings: Pick<Siblings, "own" | "count" | "askAll" | "answer"> = {
    own: 1,
    count: 3,
    async askAll() {
      const said = await Promise.all(
        others.map(async (each, at) => [at + 2, each && (await metricsOf(each))] as const),
      );
      return new Map(said.filter(([, each]) => each !== undefined));
    },
    answer: () => undefined,
  };
  const metrics = { json: () => metricsOf(own) } as Metrics;
  return metricsAmong(siblings as Siblings, metrics)();
}

test("counts are summed, a worker that is worse off shows, and what all know is known once", async () => {
  const text = await scraped(
    { mayfly_sessions: 2, mayfly_store_available: 1, mayfly_locked_down: 0, mayfly_grants: 5 },
    { mayfly_sessions: 3, mayfly_store_available: 0, mayfly_locked_down: 1, mayfly_grants: 5 },
    { mayfly_sessions: 4, mayfly_store_available: 1, mayfly_locked_down: 0, mayfly_grants: 4 },
  );
  for (const line of [
    "mayfly_sessions 9",
    "mayfly_store_available 0",
    "mayfly_locked_down 1",
    "mayfly_grants 5",
    "mayfly_workers 3",
    "mayfly_workers_answering 3",
  ])
    expect(text.split("\n")).toContain(line);
});

test("a worker that does not answer is left out, and it shows", async () => {
  const text = await scraped({ mayfly_sessions: 2 }, undefined, { mayfly_sessions: 4 });
  for (const line of ["mayfly_sessions 6", "mayfly_workers 3", "mayfly_workers_answering 2"])
    expect(text.split("\n")).toContain(line);
});

test("histograms that are counted outside of prom-client's own are summed as well", async () => {
  const registry = new Registry();
  const metric = createDurationMetric(registry, {
    name: "mayfly_act_seconds",
    help: "acts",
    label: "protocol",
    bounds: [1, 10],
  });
  metric.of("postgres").add(5);
  const json = (): ReturnType<Metrics["json"]> => registry.getMetricsAsJSON();
  const siblings: Pick<Siblings, "own" | "count" | "askAll" | "answer"> = {
    own: 1,
    count: 2,
    askAll: async () => new Map([[2, JSON.parse(JSON.stringify(await json()))]]),
    answer: () => undefined,
  };
  const text = await metricsAmong(siblings as Siblings, { json } as Metrics)();
  for (const line of [
    'mayfly_act_seconds_bucket{le="0.001",protocol="postgres"} 0',
    'mayfly_act_seconds_bucket{le="0.01",protocol="postgres"} 2',
    'mayfly_act_seconds_sum{protocol="postgres"} 0.01',
    'mayfly_act_seconds_count{protocol="postgres"} 2',
  ])
    expect(text.split("\n")).toContain(line);
});
