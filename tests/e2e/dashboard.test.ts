// tier: full
import { readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { call } from "@mayfly/testing/api.ts";
import { root } from "@mayfly/testing/gateway.ts";
import { startWorld, type World } from "@mayfly/testing/world.ts";

// What deploy/ watches is what a gateway tells: a metric that was renamed would leave an alert silent for ever.

let world: World;
let told: ReadonlySet<string>;

beforeAll(async () => {
  world = await startWorld({
    store: "sqlite",
    configure: (text) =>
      `${text}\nexport: { destinations: [{ name: shipper, file: { path: audit.jsonl } }] }\n`,
  });
  const answer = await call(world.gateway, await world.personToken("olga@example.com"), "GET", "/metrics");
  const names = [...String(answer.body).matchAll(/^# TYPE (\S+) (\S+)$/gm)];
  told = new Set(
    names.flatMap(([, name = "", type]) =>
      type === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  );
});
afterAll(() => world.stop());

/** The names of metrics in an expression. */
const namesIn = (expression: string): readonly string[] =>
  expression.match(/\b(?:mayfly|process|nodejs)_[a-z0-9_]+/g) ?? [];

const file = (name: string): string => readFileSync(path.join(root, "deploy", name), "utf8");

test("every alert is about metrics that a gateway has, and says what to do", () => {
  const { groups } = parse(file("prometheus/alerts.yaml")) as {
    groups: {
      rules: {
        alert: string;
        expr: string;
        labels: object;
        annotations: { summary: string; description: string };
      }[];
    }[];
  };
  const rules = groups.flatMap(({ rules: some }) => some);
  expect(rules.length).toBeGreaterThan(10);
  for (const { alert, expr, annotations } of rules) {
    expect(namesIn(expr).length, alert).toBeGreaterThan(0);
    expect(
      namesIn(expr).filter((name) => !told.has(name)),
      alert,
    ).toEqual([]);
    expect(annotations.summary.length, alert).toBeGreaterThan(10);
    for (const [page = ""] of annotations.description.matchAll(/docs\/[a-z-]+\.md/g))
      expect(readFileSync(path.join(root, page), "utf8"), page).toMatch(/^# /);
  }
});

test("every panel of the dashboard shows metrics that a gateway has", () => {
  const { panels } = JSON.parse(file("grafana/mayfly.json")) as {
    panels: { title: string; targets: { expr: string }[] }[];
  };
  expect(panels.length).toBeGreaterThan(10);
  for (const { title, targets } of panels) {
    expect(targets.length, title).toBeGreaterThan(0);
    for (const { expr } of targets) {
      expect(namesIn(expr).length, title).toBeGreaterThan(0);
      expect(
        namesIn(expr).filter((name) => !told.has(name)),
        title,
      ).toEqual([]);
    }
  }
});
