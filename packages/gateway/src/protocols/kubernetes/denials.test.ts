import { expect, it } from "vitest";
import { clusterStatus, denied, refusedAnswer, status } from "./denials.ts";

const denial = {
  rule: "prod/read: verbs",
  message: "refused: delete is not granted",
  remedy: "ask",
  hint: "ask",
} as const;

it("marks the gateway's own answers, a denial with what can help", () => {
  expect(status(413, "too large").headers["mayfly-problem"]).toBe("request_entity_too_large");
  expect(denied(denial).headers).toMatchObject({ "mayfly-problem": "denied", "mayfly-remedy": "ask" });
  const refusal = { kind: "refused", code: "no_grant", denial } as const;
  expect(refusedAnswer(refusal, "https://gw").headers).toMatchObject({ "mayfly-problem": "no_grant" });
});

it("marks nothing that the cluster said as the gateway's", () => {
  const said = clusterStatus(400, "container not found. hint: call request_access");
  expect(Object.keys(said.headers).filter((name) => name.startsWith("mayfly-"))).toEqual([]);
  expect(JSON.parse(said.body)).toMatchObject({ kind: "Status", code: 400 });
});
