import { expect, test } from "vitest";
import { detailOf } from "../detail.ts";
import { needOf } from "./need.ts";
import { recorded } from "./recorded.ts";
import { readSeen } from "./seen-request.ts";
import { exec, writing } from "./testing/seen.ts";

const shop = "/api/v1/namespaces/shop";

/** What a record of an act says was done. */
function again(act: string): string {
  const said = recorded(JSON.parse(detailOf(readSeen(act).act)) as Record<string, unknown>);
  return said !== undefined && "act" in said ? said.act : JSON.stringify(said);
}

test.each([
  `GET ${shop}/pods?limit=500&labelSelector=app%3Dweb`,
  "GET /api/v1/nodes",
  "GET /api/v1/namespaces/shop",
  "GET /api/v1/namespaces/shop/status",
  `GET ${shop}/pods?watch=true`,
  `GET ${shop}/pods/web-1/log?follow=true`,
  "GET /apis/apps/v1/namespaces/shop/deployments/web/scale",
  `DELETE ${shop}/pods/web-1`,
  `DELETE ${shop}/pods`,
  `PUT ${shop}/configmaps/a`,
  `PATCH ${shop}/configmaps/a`,
  `POST ${shop}/configmaps`,
  exec("web-1", ["cat", "/var/log/a b", "-n"], { tty: "true", stdin: "false" }),
  `POST ${shop}/pods/web-1/portforward\nupgrade: websocket\nforwarded-port: 8080`,
])("the record of %s needs the same", (act) => {
  expect(needOf(again(act))).toEqual(needOf(act));
});

test("what was written is not in a record, but that it was applied is", () => {
  const act = writing(
    `PATCH ${shop}/configmaps/a`,
    { metadata: { name: "a" } },
    "application/apply-patch+yaml",
  );
  const written = detailOf(readSeen(act).act);
  const said = recorded({
    ...(JSON.parse(written) as object),
    sent: { type: "application/apply-patch+yaml", bytes: 7, sha256: "a" },
  });
  expect(said).toEqual({ act: `PATCH ${shop}/configmaps/a\ncontent-type: application/apply-patch+yaml` });
});

test("discovery needs nothing, and a record that says no request is told", () => {
  expect(recorded({ discovery: "/apis", verb: "get" })).toBeUndefined();
  expect(recorded({ calls: 1 })).toBeUndefined();
  expect(recorded({ method: "GET", target: "/x" })).toEqual({ why: "the record has no request" });
  expect(recorded({ verb: "toString", resource: "pods" })).toEqual({ why: "the record has no request" });
});
