import { expect, test } from "vitest";
import { syslogFrames, syslogMessage } from "./message.ts";

const exporter = { host: "mayfly.internal", log: "gateway.test", version: "1.2.3" };
const record = (type: string, text = '{"a":1}') => ({ seq: 7, at: Date.UTC(2026, 0, 1, 12), type, text });

test("a message has its time, host, type and number, and the record as JSON", () => {
  expect(syslogMessage(record("act.intent"), exporter)).toBe(
    '<110>1 2026-01-01T12:00:00.000Z mayfly.internal mayflyd - act.intent [mayfly@32473 log="gateway.test" seq="7"] {"a":1}',
  );
});

test.each([
  ["break_glass.activated", 105],
  ["lockdown.started", 105],
  ["act.denied", 108],
  ["session.refused", 108],
  ["lease.refused_to", 108],
  ["grant.activated", 109],
  ["act.outcome", 110],
])("%s has the priority %i", (type, priority) => {
  expect(syslogMessage(record(type), exporter)).toMatch(new RegExp(`^<${priority}>1 `));
});

test("what would end a parameter is escaped, and a message is ASCII alone", () => {
  const message = syslogMessage(record("act.intent", JSON.stringify({ a: "größer \u{1f512}\u2028" })), {
    ...exporter,
    log: 'a"b]c\\d',
  });
  expect(message).toContain(
    String.raw`log="a\"b\]c\\d" seq="7"] {"a":"gr\u00f6\u00dfer \ud83d\udd12\u2028"}`,
  );
  expect(message).toMatch(/^[\u0020-\u007e]*$/);
});

test("each message goes behind its length", () => {
  const [one, other] = [
    syslogMessage(record("act.intent"), exporter),
    syslogMessage(record("act.denied"), exporter),
  ];
  expect(syslogFrames([record("act.intent"), record("act.denied")], exporter).toString()).toBe(
    `${one.length} ${one}${other.length} ${other}`,
  );
});

test("every unit of UTF-16 beyond ASCII is its escape, alone or in a run", () => {
  const units = String.fromCharCode(...Array.from({ length: 0x10000 - 0x7f }, (_, at) => 0x7f + at));
  const message = syslogMessage(record("act.intent", units), exporter);
  const written = message.slice(message.indexOf("] ") + 2);
  expect(JSON.parse(`"${written}"`)).toBe(units);
  expect(written).toMatch(/^(?:\\u[0-9a-f]{4})+$/);
});
