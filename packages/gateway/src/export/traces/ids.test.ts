import { expect, test } from "vitest";
import { readTraceparent } from "../../kernel/traceparent.ts";
import { actSpanId, sessionTraces, spanIdOf, traceOf } from "./ids.ts";

const sent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

test("a trace follows from the request alone, or is the asker's", () => {
  expect(traceOf("req_1", undefined)).toEqual({
    traceId: traceOf("req_1", undefined).traceId,
    asker: undefined,
  });
  expect(traceOf("req_1", undefined).traceId).toMatch(/^[0-9a-f]{32}$/);
  expect(traceOf("req_1", undefined).traceId).not.toBe(traceOf("req_2", undefined).traceId);
  expect(traceOf("req_1", sent)).toEqual({
    traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
    asker: { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7" },
  });
  expect(traceOf("req_1", "nonsense")).toEqual(traceOf("req_1", undefined));
});

test("spans differ by kind, thing and log", () => {
  const all = [
    spanIdOf("request", "1"),
    spanIdOf("grant", "1"),
    spanIdOf("grant", "2"),
    actSpanId("a", 1),
    actSpanId("b", 1),
    actSpanId("a", 2),
  ];
  expect(new Set(all).size).toBe(all.length);
  for (const id of all) expect(id).toMatch(/^[0-9a-f]{16}$/);
});

test("what leaves with an act names the span that the export sends", () => {
  const trace = sessionTraces("log").of("req_1", sent);
  expect(trace.traceId).toBe("4bf92f3577b34da6a3ce929d0e0e4736");
  expect(readTraceparent(trace.leaving(7))).toEqual({ traceId: trace.traceId, spanId: actSpanId("log", 7) });
  expect(sessionTraces("log").of("req_1", undefined).traceId).toBe(traceOf("req_1", undefined).traceId);
});
