import { expect, test } from "vitest";
import { changeableSetting } from "./setting-rules.ts";

const bounds = {
  writes: false,
  searchPath: ["public"],
  timeouts: new Map<string, number>(),
  temporary: false,
};
const takes = (zone: string): boolean =>
  changeableSetting("TimeZone")?.problem({ values: undefined, text: zone }, bounds) === undefined;

test("a time zone is any that there is", () => {
  const names = [...Intl.supportedValuesOf("timeZone"), "UTC", "GMT0", "EST5EDT", "W-SU", "posix/Etc/GMT-14"];
  expect(names.length).toBeGreaterThan(300);
  expect(names.filter((name) => !takes(name))).toEqual([]);
});

test.each(["+05:30", "-8", "5.5", "<+0530>-05:30", "GMT-05:30", "<UTC>-3", "+14", ""])(
  "%s is an offset",
  (zone) => expect(takes(zone)).toBe(true),
);

test.each([
  "<+99>-99",
  "abc-99",
  "<+03>-99:00",
  "UTC+167",
  "15",
  "-24:00",
  "ABC15",
  "EST5EDT99",
  "EST5EDT,M3.2.0/-99",
  "0xf",
  "0x50",
  "9e1",
])("%s moves today by more than a day", (zone) => expect(takes(zone)).toBe(false));
