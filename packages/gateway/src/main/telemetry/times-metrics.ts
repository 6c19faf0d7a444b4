import { Counter, type Registry } from "prom-client";
import type { ActTimes } from "../../gate/act-times.ts";
import type { GrantObserver } from "../../grants/observer.ts";
import { createDurationMetric } from "./duration-metric.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** How long acts, policies and people take. */
export interface TimesMetrics {
  /** For the gate: where the acts of a protocol are counted, by its kind. */
  actTimes(kind: string): ActTimes;
  readonly grants: GrantObserver;
}

export function createTimesMetrics(registry: Registry): TimesMetrics {
  const judging = createDurationMetric(registry, {
    name: "mayfly_decision_seconds",
    help: "From when an act came until it was decided and its record was queued",
    label: "protocol",
    bounds: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 50, 250],
  });
  const acting = createDurationMetric(registry, {
    name: "mayfly_act_seconds",
    help: "From an act's intent to its outcome",
    label: "protocol",
    bounds: [
      0.5,
      1,
      2.5,
      5,
      10,
      25,
      50,
      100,
      250,
      500,
      SECOND,
      2.5 * SECOND,
      10 * SECOND,
      MINUTE,
      10 * MINUTE,
      HOUR,
    ],
  });
  const policies = createDurationMetric(registry, {
    name: "mayfly_policy_decision_seconds",
    help: "How long the policies took to decide a request, by what it became",
    label: "state",
    bounds: [0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, SECOND],
  });
  const people = createDurationMetric(registry, {
    name: "mayfly_approval_seconds",
    help: "From a request that had to wait to its approval or another end, by what it became",
    label: "state",
    bounds: [
      SECOND,
      5 * SECOND,
      15 * SECOND,
      30 * SECOND,
      MINUTE,
      2 * MINUTE,
      5 * MINUTE,
      15 * MINUTE,
      30 * MINUTE,
      HOUR,
      4 * HOUR,
      12 * HOUR,
      24 * HOUR,
    ],
  });
  const ends = new Counter({
    name: "mayfly_grants_ended_total",
    help: "Grants that ended, by what ended them: expire, lose_lease, release, revoke and the like",
    labelNames: ["event"],
    registers: [registry],
  });
  // There from the start, so that what has not happened yet reads as none.
  for (const state of ["approved", "pending", "denied"]) policies.of(state);
  for (const state of ["approved", "refused", "withdrawn", "timed_out"]) people.of(state);
  return {
    actTimes(kind) {
      const [judged, completed] = [judging.of(kind), acting.of(kind)];
      return {
        judged: (milliseconds) => judged.add(milliseconds),
        completed: (milliseconds) => completed.add(milliseconds),
      };
    },
    grants: {
      ended: (event) => ends.labels(event).inc(),
      judged: (state, milliseconds) => policies.of(state).add(milliseconds),
      decided: (state, milliseconds) => people.of(state).add(milliseconds),
    },
  };
}
