import { describe, expect, it } from "vitest";
import { hasBrowser } from "./open-browser.ts";

describe("whether a browser is here", () => {
  it.each([
    [{ DISPLAY: ":0" }, "linux", true],
    [{ WAYLAND_DISPLAY: "wayland-0" }, "linux", true],
    [{}, "linux", false],
    [{ DISPLAY: "" }, "linux", false],
    [{ DISPLAY: ":10", SSH_CONNECTION: "10.0.0.1 1 10.0.0.2 22" }, "linux", false],
    [{}, "darwin", true],
    [{ SSH_TTY: "/dev/ttys001" }, "darwin", false],
    [{}, "win32", true],
    [{ DISPLAY: ":0", CI: "true" }, "linux", false],
  ])("%j on %s: %s", (environment, platform, expected) => {
    expect(hasBrowser(environment, platform)).toBe(expected);
  });
});
