import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Kysely, type CompiledQuery } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { grantModel } from "../grants/states.ts";
import { sampleGrant, sampleRequest } from "../grants/testing/samples.ts";
import { requestReads } from "./requests-read.ts";
import type { Tables } from "./schema.ts";
import { openSqlite } from "./sqlite.ts";
import { openStore } from "./store.ts";

describe("the list of emergencies on SQLite", () => {
  let folder: string;
  let db: Kysely<Tables>;
  const queries: CompiledQuery[] = [];
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "mayfly-emergencies-"));
    const file = path.join(folder, "mayfly.db");
    const store = await openStore({ kind: "sqlite", file }, grantModel);
    const taken = sampleRequest("r", { state: "approved", grant: "g", breakGlass: true });
    await store.grants.createRequest(taken, undefined, sampleGrant("g", "r"));
    await store.close();
    db = new Kysely<Tables>({ dialect: openSqlite(file), log: ({ query }) => void queries.push(query) });
  });
  afterAll(async () => {
    await db.destroy();
    rmSync(folder, { recursive: true });
  });

  it.each([
    ["any", undefined],
    ["unreviewed", undefined],
    ["unreviewed", "r"],
    ["reviewed", "r"],
  ] as const)(
    "reads the index of them alone, and sorts nothing: %s, before %s",
    async (emergencies, before) => {
      queries.length = 0;
      const found = await requestReads(db, "sqlite").requests({
        emergencies,
        limit: 500,
        ...(before === undefined ? {} : { before }),
      });
      expect(found).toHaveLength(before === undefined ? 1 : 0);
      const [list] = queries;
      if (list === undefined) throw new Error("nothing was asked");
      const { rows } = await db.executeQuery<{ readonly detail: string }>({
        ...list,
        sql: `explain query plan ${list.sql}`,
      });
      const plan = rows.map(({ detail }) => detail);
      expect(plan.filter((step) => step.includes("mayfly_requests_emergencies"))).toHaveLength(1);
      expect(
        plan.filter((step) => step.startsWith("SCAN") && !step.includes("mayfly_requests_emergencies")),
      ).toEqual([]);
      expect(plan.join("\n")).not.toContain("TEMP B-TREE");
    },
  );
});
