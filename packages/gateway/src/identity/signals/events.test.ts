import { describe, expect, test } from "vitest";
import { meaningfulEvents, readHookCall, signalsOfEvent } from "./events.ts";
import type { Signal } from "./signal.ts";

const issuers = ["https://okta.example/oauth2/aus1"];
const published = "2026-11-27T10:00:00.123Z";
const rosa = { id: "00uROSA", type: "User", alternateId: "rosa@example.com", displayName: "Rosa" };
const sre = { id: "00gSRE", type: "UserGroup", alternateId: "unknown", displayName: "sre" };
const app = { id: "0oaBOT", type: "AppInstance", alternateId: "bot", displayName: "bot" };
const agent = { id: "wlpBOT", type: "WorkloadPrincipal", alternateId: "unknown", displayName: "bot" };
const all = [rosa, sre, app, agent, { id: "0uaX", type: "AppUser", alternateId: "rosa@example.com" }];

const event = (eventType: string, more: object = {}): object => ({
  uuid: "u-1",
  published,
  eventType,
  outcome: { result: "SUCCESS", reason: null },
  actor: { id: "00uADMIN", type: "User", alternateId: "admin@example.com" },
  target: all,
  ...more,
});

const read = (given: unknown): readonly Signal[] | undefined =>
  signalsOfEvent(given, { channel: "event_hook", issuers });

/** `effect subject`, as the tables below write it. */
function says(eventType: string, more: object = {}): string {
  return (read(event(eventType, more)) ?? [])
    .map(({ effect, subject, through, membership }) =>
      [
        effect,
        subject.kind,
        subject.kind === "user" ? subject.uid : subject.kind === "client" ? subject.client : subject.id,
        ...(through === undefined ? [] : [`through ${through}`]),
        ...(membership === undefined ? [] : [membership.isMember ? "in" : "out of", membership.group.name]),
      ].join(" "),
    )
    .join("; ");
}

describe("every event that means something", () => {
  const user = (effect: string): string => `${effect} user 00uROSA`;
  const client = (effect: string, id: string): string => `${effect} client ${id}`;
  const of = (prefix: string, words: readonly string[], meaning: string): [string, string][] =>
    words.map((word) => [`${prefix}.${word}`, meaning]);
  const table: readonly (readonly [string, string])[] = [
    ...of("user.lifecycle", ["suspend", "deactivate", "delete.initiated", "delete.completed"], user("end")),
    ...of("user.lifecycle", ["unsuspend", "activate", "reactivate"], user("refresh")),
    ["user.account.lock", user("end")],
    ["user.account.unlock", user("refresh")],
    ["user.session.clear", user("end")],
    ["user.session.end", user("end")],
    ["user.authentication.universal_logout", user("end")],
    ["user.risk.change", user("refresh")],
    ["group.user_membership.add", `${user("judge_again")} in sre`],
    ["group.user_membership.remove", `${user("judge_again")} out of sre`],
    ["group.lifecycle.delete", "judge_again group 00gSRE"],
    ...of("group.application_assignment", ["add", "remove"], client("judge_again", "0oaBOT")),
    ...of("application.lifecycle", ["deactivate", "delete"], client("end", "0oaBOT")),
    ["application.lifecycle.activate", client("refresh", "0oaBOT")],
    ["application.user_membership.remove", `${user("end")} through 0oaBOT`],
    ["application.user_membership.add", user("refresh")],
    ...of("app.oauth2.client.lifecycle", ["deactivate", "delete"], client("end", "0oaBOT")),
    ["app.oauth2.client.lifecycle.activate", client("refresh", "0oaBOT")],
    ...["workload_principal", "workload_principal.ai_agent"].flatMap((family) => [
      ...of(family, ["deactivate", "delete"], client("end", "wlpBOT")),
      ...of(family, ["register", "activate"], client("refresh", "wlpBOT")),
      ...of(family, ["update"], client("judge_again", "wlpBOT")),
    ]),
  ];

  test.each(table)("%s: %s", (eventType, meaning) => {
    expect(says(eventType)).toBe(meaning);
  });

  test("stands in this table, and nothing else does", () => {
    expect(meaningfulEvents.exact.toSorted()).toEqual(table.map(([type]) => type).toSorted());
  });

  test.each([
    ["workload_principal.ai_agent.credential.deactivate", "refresh client wlpBOT"],
    ["workload_principal.ai_agent.sign_on_provider.update", "refresh client wlpBOT"],
    ["workload_principal.delegation_link.delete", "judge_again client wlpBOT"],
    ["workload_principal.resource_connection.delete", "judge_again client wlpBOT"],
  ])("%s: %s, as all of its family", (eventType, meaning) => {
    expect(says(eventType)).toBe(meaning);
  });
});

describe("an event", () => {
  test.each([
    "user.mfa.factor.update",
    "workload_principal",
    "workload_principal.deactivated",
    "user.lifecycle.suspend.more",
    "resource_servers.mcp_server.deactivate",
    "constructor",
    "__proto__",
  ])("of the type %s means nothing", (eventType) => {
    expect(read(event(eventType))).toEqual([]);
  });

  test("that did not succeed means nothing, but for a lock-out, which is what a failure comes to", () => {
    const failed = { outcome: { result: "FAILURE", reason: "LOCKED_OUT" } };
    expect(says("user.lifecycle.suspend", failed)).toBe("");
    expect(says("user.account.lock", failed)).toBe("end user 00uROSA");
    expect(says("user.lifecycle.suspend", { outcome: undefined })).toBe("end user 00uROSA");
  });

  test("about oneself names its actor where it has no target", () => {
    expect(says("user.session.end", { target: null })).toBe("end user 00uADMIN");
    expect(says("user.session.clear", { target: null })).toBe("");
    expect(says("user.session.end", { target: null, actor: { id: "x", type: "SystemPrincipal" } })).toBe("");
  });

  test("of an agent may name it in its details alone, or under another word", () => {
    const debugContext = { debugData: { workload_principal_id: "wlpOTHER" } };
    expect(says("workload_principal.deactivate", { target: [], debugContext })).toBe("end client wlpOTHER");
    const named = { target: [{ id: "wlpX", type: "Something" }] };
    expect(says("workload_principal.deactivate", named)).toBe("end client wlpX");
    const typed = { target: [{ id: "agent-1", type: "AI_AGENT" }] };
    expect(says("workload_principal.ai_agent.delete", typed)).toBe("end client agent-1");
  });

  test("about several is one signal each, with ids of their own", () => {
    const target = [rosa, { ...rosa, id: "00uRAVI", alternateId: "unknown" }];
    expect(read(event("user.lifecycle.suspend", { target }))).toEqual([
      {
        channel: "event_hook",
        id: "u-1",
        event: "user.lifecycle.suspend",
        at: Date.parse(published),
        effect: "end",
        issuers,
        subject: { kind: "user", uid: "00uROSA", login: "rosa@example.com" },
      },
      expect.objectContaining({ id: "u-1/2", subject: { kind: "user", uid: "00uRAVI" } }),
    ]);
    const many = Array.from({ length: 1000 }, (_, at) => ({ ...rosa, id: `00u${at}` }));
    expect(read(event("user.lifecycle.suspend", { target: many }))).toHaveLength(20);
  });

  test.each([
    null,
    "text",
    [],
    {},
    { ...event("user.lifecycle.suspend"), uuid: 7 },
    { ...event("user.lifecycle.suspend"), published: "yesterday" },
    { ...event("user.lifecycle.suspend"), uuid: "x".repeat(1000) },
    { ...event("user.lifecycle.suspend"), eventType: undefined },
  ])("that is none is not read (%#)", (given) => {
    expect(read(given)).toBeUndefined();
  });

  test.each([
    { target: "text" },
    { target: [null, 7, {}, { id: 7 }] },
    { target: [{ id: "unknown", type: "User" }] },
  ])("that names nobody readable means nothing (%#)", (more) => {
    expect(read(event("user.lifecycle.suspend", more))).toEqual([]);
  });
});

test("a call brings several events, some of which mean nothing", () => {
  const body = {
    data: { events: [event("user.lifecycle.suspend"), event("user.mfa.factor.update"), { uuid: "broken" }] },
  };
  const call = readHookCall(body, issuers);
  expect(call?.signals.map(({ id }) => id)).toEqual(["u-1"]);
  expect(call).toMatchObject({ ignored: ["user.mfa.factor.update"], unreadable: 1 });
  for (const other of [undefined, null, [], {}, { data: [] }, { data: { events: {} } }])
    expect(readHookCall(other, issuers)).toBeUndefined();
});
