import { describe, expect, it } from "vitest";
import { checkProvenance, type Provenance } from "./csrf.ts";
import { ApiProblem } from "../contract/problems.ts";

const own = "https://mayfly.test:8443";
const csrf = "c".repeat(43);

function verdict(request: Partial<Provenance>): string {
  try {
    checkProvenance(
      { method: "POST", origin: own, site: "same-origin", mode: "cors", csrf, ...request },
      own,
      csrf,
    );
    return "passes";
  } catch (thrown) {
    return thrown instanceof ApiProblem ? `${thrown.status} ${thrown.code}` : String(thrown);
  }
}

describe("an unsafe request with a session's cookie", () => {
  it.each(["POST", "PUT", "DELETE", "PATCH"])("passes as %s from our own page", (method) => {
    expect(verdict({ method })).toBe("passes");
    // Older browsers send no Sec-Fetch-Site.
    expect(verdict({ method, site: undefined, mode: undefined })).toBe("passes");
  });

  it.each<[string, Partial<Provenance>]>([
    ["from another site", { origin: "https://evil.test", site: "cross-site" }],
    ["from another site that knows the csrf", { origin: "https://evil.test" }],
    ["from a sibling", { origin: "https://other.mayfly.test:8443", site: "same-site" }],
    ["from another port", { origin: "https://mayfly.test", site: "same-site" }],
    ["from another scheme", { origin: "http://mayfly.test:8443" }],
    ["from a sandboxed frame", { origin: "null" }],
    ["without an Origin", { origin: undefined }],
    ["with two Origins", { origin: `${own}, ${own}` }],
    ["with our Origin in other letters", { origin: "https://MAYFLY.test:8443" }],
    ["with our Origin as a path's beginning", { origin: `${own}/` }],
    ["that says it is cross-site", { site: "cross-site" }],
    ["that a person typed", { site: "none" }],
    ["with a Sec-Fetch-Site that nobody knows", { site: "same-origin, cross-site" }],
    ["without the csrf", { csrf: undefined }],
    ["with an empty csrf", { csrf: "" }],
    ["with another csrf", { csrf: "d".repeat(43) }],
    ["with a longer csrf", { csrf: `${csrf}c` }],
    ["with a csrf of other bytes and equal length", { csrf: `${"c".repeat(42)}é` }],
  ])("is refused %s", (_, request) => {
    expect(verdict(request)).toBe("403 csrf");
  });
});

describe("a safe request with a session's cookie", () => {
  const safe = { method: "GET", origin: undefined, csrf: undefined };
  it.each<[string, Partial<Provenance>]>([
    ["from our own page", { site: "same-origin" }],
    ["typed or opened from an app", { site: "none", mode: "navigate" }],
    ["from an older browser", { site: undefined, mode: undefined }],
    ["by a link on another site", { site: "cross-site", mode: "navigate" }],
  ])("passes %s", (_, request) => {
    expect(verdict({ ...safe, ...request })).toBe("passes");
  });

  it.each<[string, Partial<Provenance>]>([
    ["as another site's script", { site: "cross-site", mode: "no-cors" }],
    ["as another site's fetch", { site: "cross-site", mode: "cors" }],
    ["as a sibling's fetch", { site: "same-site", mode: "cors" }],
    ["as another site's WebSocket", { site: "cross-site", mode: "websocket" }],
    ["from a site that nobody knows", { site: "sideways" }],
  ])("is refused %s", (_, request) => {
    expect(verdict({ ...safe, ...request })).toBe("403 csrf");
  });
});
