import { describe, expect, it } from "vitest";
import { staleKeysOf } from "./invalidate.ts";

describe("a record", () => {
  it.each([
    [
      { type: "request.created", request: "req_1" },
      [["records"], ["inbox"], ["overview"], ["request", "req_1"]],
    ],
    [
      { type: "approval.given", request: "req_1" },
      [["records"], ["inbox"], ["overview"], ["request", "req_1"]],
    ],
    [{ type: "act.intent", request: "req_1" }, [["records"], ["live"]]],
    [{ type: "session.opened" }, [["records"], ["live"], ["overview"]]],
    [
      { type: "grant.revoked", request: "req_1" },
      [["records"], ["live"], ["connections"], ["overview"], ["emergencies"], ["request", "req_1"]],
    ],
    [
      { type: "break_glass.reviewed", request: "req_1" },
      [["records"], ["emergencies"], ["inbox"], ["overview"], ["request", "req_1"]],
    ],
    [{ type: "lockdown.started" }, [["records"], ["lockdown"], ["live"], ["inbox"], ["overview"]]],
    [
      { type: "configuration.loaded" },
      [["records"], ["reach"], ["connections"], ["inbox"], ["request"], ["emergencies"]],
    ],
    [{ type: "sign_in.succeeded" }, [["records"], ["sessions"]]],
    [{ type: "sign_out" }, [["records"], ["sessions"]]],
    [{ type: "something.new" }, [["records"]]],
  ])("%j puts out of date", (record, keys) => {
    expect(staleKeysOf([record])).toEqual(keys);
  });
  it("of a kind that came many times counts once", () => {
    const acts = Array.from({ length: 500 }, () => ({ type: "act.intent", request: "req_1" }));
    expect(staleKeysOf(acts)).toEqual([["records"], ["live"]]);
  });
});
