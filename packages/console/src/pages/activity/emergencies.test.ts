import type { AuditRecord } from "@mayfly/sdk/browser";
import { expect, it } from "vitest";
import { emergenciesOf, isEmergency } from "./emergencies.ts";

const record = (type: AuditRecord["type"], more: Partial<AuditRecord>): AuditRecord => ({
  seq: 1,
  time: "2026-11-24T12:00:00.000Z",
  type,
  detail: {},
  ...more,
});

it("marks what belongs to an emergency's request or grant, and nothing else", () => {
  const emergencies = emergenciesOf([
    record("break_glass.activated", { grant: "gr_1", request: "req_1" }),
    record("grant.activated", { grant: "gr_2", request: "req_2" }),
  ]);
  expect(isEmergency(record("act.intent", { grant: "gr_1" }), emergencies)).toBe(true);
  expect(isEmergency(record("request.created", { request: "req_1" }), emergencies)).toBe(true);
  expect(isEmergency(record("act.intent", { grant: "gr_2", request: "req_2" }), emergencies)).toBe(false);
  expect(isEmergency(record("lockdown.started", {}), emergencies)).toBe(false);
});
