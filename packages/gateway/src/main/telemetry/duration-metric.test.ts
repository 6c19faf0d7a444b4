import { Histogram, Registry } from "prom-client";
import { expect, test } from "vitest";
import { createDurationMetric } from "./duration-metric.ts";

const bounds = [0.5, 10, 1000];
const durations = [0.25, 0.5, 7, 10, 11, 60_000];

test("says what prom-client's own histogram says of the same durations", async () => {
  const ours = new Registry();
  const metric = createDurationMetric(ours, { name: "x_seconds", help: "X", label: "kind", bounds });
  const theirs = new Registry();
  const histogram = new Histogram({
    name: "x_seconds",
    help: "X",
    labelNames: ["kind"],
    buckets: bounds.map((milliseconds) => milliseconds / 1000),
    registers: [theirs],
  });
  for (const kind of ["a", "b"]) {
    for (const milliseconds of durations) {
      metric.of(kind).add(milliseconds);
      histogram.labels(kind).observe(milliseconds / 1000);
    }
  }
  const text = await ours.metrics();
  expect(text).toContain('x_seconds_bucket{le="0.0005",kind="a"} 2');
  expect(text).toContain('x_seconds_bucket{le="+Inf",kind="b"} 6');
  expect(text).toBe(await theirs.metrics());
  // What is read once is read again: nothing is counted twice.
  expect(await ours.metrics()).toBe(text);
});

test("a value that was asked for stands there with nothing counted yet, and no other does", async () => {
  const registry = new Registry();
  const metric = createDurationMetric(registry, { name: "x_seconds", help: "X", label: "kind", bounds });
  expect(metric.of("a")).toBe(metric.of("a"));
  const lines = (await registry.metrics()).split("\n");
  expect(lines).toContain('x_seconds_count{kind="a"} 0');
  expect(lines.filter((line) => line.startsWith("x_seconds"))).toHaveLength(6);
});
