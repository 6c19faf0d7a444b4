// tier: full
import fc from "@mayfly/testing/fast-check.ts";
import { expect, test } from "vitest";
import type { Found } from "../../../gate/inventory/seen.ts";
import { kubernetesAudit } from "./audit-log.ts";
import { readSeen } from "./seen-request.ts";

async function foundIn(pieces: Iterable<string>): Promise<readonly Found[]> {
  const all: Found[] = [];
  async function* each(): AsyncGenerator<string> {
    yield* pieces;
  }
  for await (const one of kubernetesAudit.read(each())) all.push(one);
  return all;
}

function piecesOf(text: string, lengths: readonly number[]): readonly string[] {
  const pieces: string[] = [];
  for (let at = 0, count = 0; at < text.length; count += 1) {
    const length = lengths[count % lengths.length] ?? 1;
    pieces.push(text.slice(at, at + length));
    at += length;
  }
  return pieces;
}

const evil = fc.oneof(
  fc.string(),
  fc.constantFrom(
    "\n",
    "\nupgrade: websocket",
    "__proto__",
    " HTTP/1.1",
    "\u2028",
    "\ud800",
    "a".repeat(300),
  ),
);
const anything = fc.oneof(evil, fc.jsonValue());
const path = fc
  .tuple(
    fc.constantFrom("", "/api/v1", "/api/v1/namespaces/shop", "/apis/apps/v1/namespaces/shop"),
    fc.constantFrom("", "/pods", "/secrets", "/pods/a", "/secrets/a", "/pods/a/exec"),
    fc.constantFrom("", "?watch=true", "?force=true", "?command=ls&container=a", "?a=%"),
  )
  .map((parts) => parts.join(""));
const event = fc.record(
  {
    kind: fc.constantFrom("Event", "Event", "Event", "EventList"),
    apiVersion: fc.constantFrom("audit.k8s.io/v1", "audit.k8s.io/v1", "audit.k8s.io/v1beta1", "v1"),
    level: fc.constantFrom("Metadata", "Request", "RequestResponse", "None"),
    auditID: fc.constantFrom("a", "b"),
    stage: fc.constantFrom(
      "RequestReceived",
      "ResponseStarted",
      "ResponseComplete",
      "ResponseComplete",
      "Panic",
    ),
    requestURI: fc.oneof({ weight: 5, arbitrary: path }, { weight: 1, arbitrary: anything }),
    verb: fc.oneof(
      {
        weight: 5,
        arbitrary: fc.constantFrom("get", "list", "watch", "create", "update", "patch", "delete"),
      },
      { weight: 1, arbitrary: anything },
    ),
    user: fc.oneof(
      { weight: 5, arbitrary: fc.constant({ username: "alice" }) },
      { weight: 1, arbitrary: anything },
    ),
    impersonatedUser: fc.oneof(fc.constant(null), anything),
    responseStatus: fc.oneof(fc.constantFrom({ code: 200 }, { code: 201 }, { code: 403 }), anything),
    requestReceivedTimestamp: fc.oneof(fc.constant("2026-12-02T08:19:19.000001Z"), anything),
    objectRef: anything,
    requestObject: anything,
    items: fc.oneof(anything, fc.array(fc.record({ stage: anything, level: anything }))),
  },
  { requiredKeys: ["kind", "apiVersion", "level", "stage"] },
);
const written = event.map((each) => JSON.stringify(each));
const text = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: written },
      { weight: 1, arbitrary: fc.tuple(written, fc.nat(200)).map(([one, length]) => one.slice(0, length)) },
      { weight: 1, arbitrary: written.map((one) => one.replace("{", '{"verb":"get",')) },
      {
        weight: 1,
        arbitrary: fc
          .array(written, { maxLength: 3 })
          .map((all) => `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[${all.join()}]}`),
      },
      { weight: 1, arbitrary: evil },
    ),
    { maxLength: 6 },
  )
  .chain((lines) => fc.constantFrom("\n", "\r\n").map((end) => lines.join(end)));

test("whatever a log holds and however it comes in pieces, the same is found", async () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(text, lengths, async (whole, each) => {
      expect(typeof kubernetesAudit.recognizes(whole)).toBe("boolean");
      const found = await foundIn([whole]);
      expect(await foundIn(piecesOf(whole, each))).toEqual(found);
    }),
    { numRuns: 400 },
  );
});

test("an act that is told reads back as the request of its first line", async () => {
  await fc.assert(
    fc.asyncProperty(event, async (each) => {
      for (const found of await foundIn([JSON.stringify(each)])) {
        if (found.kind !== "act") continue;
        const { act } = readSeen(found.act.act);
        expect(`${act.method} ${act.target}`).toBe(found.act.act.split("\n", 1)[0]);
        expect(found.act.by).toBeTypeOf("string");
      }
    }),
    { numRuns: 600 },
  );
});

test("no value of a secret is ever told", async () => {
  const secret = fc.letrec((tie) => ({
    value: fc.oneof(fc.constant("hush"), fc.dictionary(fc.constantFrom("a", "data", "value"), tie("value"))),
  })).value;
  const object = fc.record(
    {
      kind: fc.constant("Secret"),
      data: secret,
      stringData: secret,
      DATA: secret,
      metadata: fc.record({ name: fc.constant("a"), annotations: secret }),
    },
    { requiredKeys: [] },
  );
  const step = fc.record({
    op: fc.constantFrom("add", "replace", "test"),
    path: fc.constantFrom(
      "/data",
      "/data/a",
      "/stringData/a",
      "/metadata/annotations",
      "/metadata/annotations/a",
    ),
    value: secret,
  });
  const whole = object.map((value) => ({ op: "replace", path: "", value }));
  await fc.assert(
    fc.asyncProperty(fc.oneof(object, fc.array(fc.oneof(step, whole))), async (requestObject) => {
      const line = JSON.stringify({
        kind: "Event",
        apiVersion: "audit.k8s.io/v1",
        level: "Request",
        stage: "ResponseComplete",
        requestURI: "/api/v1/namespaces/shop/secrets/a",
        verb: "patch",
        user: { username: "alice" },
        responseStatus: { code: 200 },
        requestObject,
      });
      const found = await foundIn([line]);
      expect(found).toMatchObject([{ kind: "act" }]);
      expect(JSON.stringify(found)).not.toContain("hush");
    }),
    { numRuns: 300 },
  );
});
