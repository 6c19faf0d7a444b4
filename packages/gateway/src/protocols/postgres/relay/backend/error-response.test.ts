import { beforeAll, expect, it } from "vitest";
import type { PostgresCover } from "../../act.ts";
import { sentText } from "../../guard/structure/splices.ts";
import { loadGrammar } from "../../guard/syntax/grammar.ts";
import { compileScopes } from "../../guard/verdicts.ts";
import { scopeSchema } from "../../scope.ts";
import { decodeFields } from "../../wire/codec.ts";
import { type } from "../../wire/framing.ts";
import { errorResponse as made } from "../../wire/messages.ts";
import { Expected } from "../expected.ts";
import { withPlace } from "../errors/place.ts";
import { createShared } from "../shared.ts";
import { createTexts } from "../texts.ts";
import { errorResponse } from "./error-response.ts";
import { BackendState } from "./state.ts";

beforeAll(loadGrammar);

const sql = "SELECT relname, pg_catalog.substr(relname) FROM pg_class c JOIN pg_type t ON t.oid = c.reltype";

function coverOf(tables: Readonly<Record<string, "all">>): PostgresCover {
  const scope = scopeSchema.parse({ statements: ["select"], tables });
  const verdict = compileScopes([{ name: "shop/read", scope }])({ sql });
  if (verdict.kind !== "permit") throw new Error(verdict.denial.message);
  return verdict.cover;
}

it("an error's place is counted in what left for this session, whoever had the same text judged since", () => {
  const cover = coverOf({ "public.orders": "all" });
  const others = coverOf({ "public.a_table_with_a_longer_name": "all", "public.orders": "all" });
  const text = createTexts()(sql);
  text.judged = { by: {}, verdict: { kind: "permit", operation: "shop/all", cover: others } };
  const entry = new Expected(type.query);
  entry.statement = { text };
  entry.changed = cover;
  const shared = createShared();
  shared.expected.add(entry);
  const state = new BackendState({
    shared,
    forward: () => undefined,
    complete: () => undefined,
    pinned: new Map(),
    hideQuotes: false,
    called: () => undefined,
    limits: { changed: () => undefined, reset: () => undefined, rolledBack: () => undefined },
    isGranted: () => true,
    hears: () => false,
  });
  const sent = sentText(sql, cover.splices ?? [], cover.operations);
  const place = sent.lastIndexOf("c.reltype") + 1;
  const plain = made({ severity: "ERROR", code: "42883", message: "no such operator", position: 1 });
  const error = withPlace(plain, () => place) ?? plain;
  const told = errorResponse(state, error, 0, error.length) ?? error;
  expect(told.toString("latin1")).toContain(`\0P${sql.lastIndexOf("c.reltype") + 1}\0`);
  expect(decodeFields(told, 5, told.length).code).toBe("42883");
});
