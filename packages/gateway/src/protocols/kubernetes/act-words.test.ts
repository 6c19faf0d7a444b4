import { expect, it } from "vitest";
import { letGo, readAct } from "./act.ts";
import { actWords } from "./act-words.ts";

const pods = "/api/v1/namespaces/shop/pods";

it.each([
  [
    "GET",
    `${pods}/web-1/exec?container=app&command=ls&command=-la&command=a%20b&stdout=true`,
    'kubectl exec web-1 -n shop -- ls -la "a b"',
  ],
  ["GET", `${pods}/web-1/log?follow=true`, "kubectl logs web-1 -n shop -f"],
  ["GET", `${pods}/web-1/log?tailLines=5`, "kubectl logs web-1 -n shop"],
  ["GET", pods, "kubectl get pods -n shop"],
  ["GET", `${pods}?watch=true`, "kubectl get pods -n shop --watch"],
  ["GET", `${pods}/web-1`, "kubectl get pods web-1 -n shop"],
  ["DELETE", `${pods}/web-1`, "kubectl delete pods web-1 -n shop"],
  ["GET", "/api/v1/nodes", "kubectl get nodes"],
  ["GET", "/version", "kubectl get --raw /version"],
  ["GET", "/no/such/path", "GET /no/such/path"],
])("%s %s reads %s", (method, target, text) => {
  expect(actWords(readAct({ method, target, headers: [], body: { kind: "none" } }))).toBe(text);
});

it("an act that let go of what it held is told as before", () => {
  const act = {
    ...readAct({
      method: "PATCH",
      target: `${pods}/web-1`,
      headers: [],
      body: { kind: "read", bytes: Buffer.alloc(9) },
    }),
    write: undefined as never,
  };
  letGo(act);
  expect(actWords(act)).toBe("kubectl patch pods web-1 -n shop");
  expect(act.body).toEqual({ kind: "none" });
  expect("write" in act).toBe(false);
});
