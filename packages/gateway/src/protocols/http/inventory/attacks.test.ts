import { expect, test } from "vitest";
import { corpusCases } from "../../../gate/inventory/testing/corpus.ts";
import { type HttpScope, scopeSchema } from "../scope.ts";
import { targetSchema } from "../target.ts";
import { trial } from "../trial.ts";
import { readRawRequest } from "../request/raw-request.ts";
import { propose } from "./propose.ts";
import { recorded } from "./recorded.ts";
import { seen } from "./testing/seen.ts";

const cases = corpusCases("http.json", "http-own.json");
const target = targetSchema.parse({ url: "https://crm.internal" });

/** What Mayfly's own record says of a request: nothing of a body but its size. */
function actOf(payload: string): readonly string[] {
  const request = readRawRequest(payload);
  if ("why" in request) return [];
  const [path = "", query] = request.target.split("?");
  const act = recorded({
    method: request.method,
    path,
    ...(query === undefined ? {} : { query }),
    ...(request.body.kind === "read" ? { body: { bytes: request.body.bytes.length } } : {}),
    ...(request.upgrade === undefined ? {} : { upgrade: request.upgrade }),
    headers: request.headers.flatMap((name, at) =>
      at % 2 === 0 && /^x-tenant$/iu.test(name) ? [[name, ""]] : [],
    ),
  });
  return act !== undefined && "act" in act ? [act.act] : [];
}

const bodySchema = {
  type: "object",
  required: ["q"],
  properties: { q: { type: "string", maxLength: 64 } },
  additionalProperties: false,
};
/** What an OpenAPI document of the API that the corpus is about would say of bodies. */
const document = JSON.stringify({
  openapi: "3.1.0",
  paths: Object.fromEntries(
    ["/api/v1/search"].map((path) => [
      path,
      {
        post: {
          parameters: [{ name: "page", in: "query" }],
          requestBody: { content: { "application/json": { schema: bodySchema } } },
        },
      },
    ]),
  ),
});

/** Attacks that are what a body holds: no record of a request says that, and a note tells to write a schema. */
const ofBodies: readonly string[] = [
  "http-own-body-array",
  "http-own-body-extra",
  "http-own-body-large",
  "http-own-body-long-value",
  "http-own-body-missing",
  "http-own-body-proto",
  "http-own-body-type",
  "http-own-schema-number-digits",
];

/** The attacks that get through what is proposed from the work that the corpus permits. */
function through(structure?: string): {
  readonly ids: readonly string[];
  readonly works: number;
  readonly attacks: number;
} {
  const work = cases.filter(({ expected }) => expected === "allow").flatMap(({ payload }) => actOf(payload));
  const proposal = propose(
    work.map((act) => seen(act, { times: 3 })),
    { minSeen: 1, taken: [], ...(structure === undefined ? {} : { structure }) },
  );
  // With a document what it does not have is set apart: a person took all of it back.
  const drafts = [
    ...proposal.operations,
    ...proposal.apart.flatMap(({ draft, reason }) =>
      draft === undefined || !reason.startsWith("--schema has no") ? [] : [draft],
    ),
  ];
  const scopes = drafts.map(({ name, scope }): { name: string; scope: HttpScope } => ({
    name: `crm/${name}`,
    scope: scopeSchema.parse(scope),
  }));
  const judge = trial(scopes, target);
  const attacks = cases.filter(({ expected }) => expected === "deny");
  return {
    ids: attacks.filter(({ payload }) => judge(payload).kind === "permit").map(({ id }) => id),
    works: work.length,
    attacks: attacks.length,
  };
}

test("what is proposed lets none of the corpus's attacks through, but for bodies of which no source says what they hold", () => {
  const { ids, works, attacks } = through();
  expect([works, attacks]).toEqual([35, 149]);
  expect(ids.toSorted()).toEqual(ofBodies);
});

test("with a document that has the bodies' schema none of them gets through", () => {
  expect(through(document).ids).toEqual([]);
});
