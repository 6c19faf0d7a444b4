// tier: gate
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startPostgres, type EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import { grantModel } from "../grants/states.ts";
import { sampleGrant, sampleRequest } from "../grants/testing/samples.ts";
import { Secret } from "../kernel/secret.ts";
import type { StoreChange } from "./changes.ts";
import { openStore, type Store } from "./store.ts";

let server: EmbeddedPostgres;
let ours: Store;
let theirs: Store;
let heard: StoreChange[];
let stop: () => Promise<void>;

const open = (): Promise<Store> =>
  openStore({ kind: "postgres", url: new Secret(server.url("changes")) }, grantModel);
const ended = { state: "revoked", endedAt: 2, endedBy: "ops", endReason: "incident" } as const;

/** What was told since, once it is so many. */
async function told(count: number, of = heard): Promise<readonly StoreChange[]> {
  await vi.waitUntil(() => of.length >= count, { timeout: 10_000 });
  return of.splice(0);
}

beforeAll(async () => {
  server = await startPostgres();
  await server.run("create database changes");
  [ours, theirs] = [await open(), await open()];
  heard = [];
  stop = ours.changes.listen((change) => heard.push(change));
  await told(1);
});
afterAll(async () => {
  await stop();
  await Promise.all([ours.close(), theirs.close()]);
  await server.stop();
});

describe("what another gateway changes in the store", () => {
  it("is told: a request, its grant, its end, once each", async () => {
    const request = sampleRequest("req_1", { state: "approved", grant: "gr_1" });
    await theirs.grants.createRequest(request, undefined, sampleGrant("gr_1", "req_1"));
    await theirs.grants.endGrant("gr_1", ended);
    expect(await told(3)).toEqual([
      { kind: "request", id: "req_1" },
      { kind: "grant", id: "gr_1" },
      { kind: "grant", id: "gr_1" },
    ]);
  });

  it("is told: a lock-down, and its end", async () => {
    await theirs.grants.setLockdown({ since: 1, by: "ops", reason: "incident" });
    await theirs.grants.setLockdown(undefined);
    expect(await told(2)).toEqual([{ kind: "lockdown" }, { kind: "lockdown" }]);
  });

  it("is told: what the provider has ended", async () => {
    const issuer = "https://okta.example";
    await theirs.cutOffs.keep([{ issuer, name: "client 0oa1", at: 1, reason: "deactivated", keptAt: 1 }]);
    await theirs.memberships.keep([
      { issuer, person: "ann", group: "sre", isMember: false, at: 1, keptAt: 1 },
    ]);
    expect(await told(2)).toEqual([{ kind: "cut_offs" }, { kind: "memberships" }]);
  });

  it("is not told for nothing: a verifier, a secret's collection, records", async () => {
    const request = sampleRequest("req_2", { state: "approved", grant: "gr_2" });
    await theirs.grants.createRequest(request, undefined, sampleGrant("gr_2", "req_2"));
    await told(2);
    await theirs.grants.setVerifier("gr_2", "SCRAM-SHA-256$…");
    await theirs.grants.setProgress("log", { position: 1, seenAt: 1 });
    await theirs.grants.endGrant("gr_2", ended);
    expect(await told(1)).toEqual([{ kind: "grant", id: "gr_2" }]);
  });

  it("leaves out what this gateway changed itself", async () => {
    await ours.grants.setLockdown({ since: 3, by: "ops", reason: "here" });
    await theirs.grants.setLockdown(undefined);
    expect(await told(1)).toEqual([{ kind: "lockdown" }]);
  });

  it("is asked for as a whole when the connection was lost meanwhile, and told again after it", async () => {
    const others = "pid <> pg_backend_pid() and datname = 'changes' and query like 'listen %'";
    await server.run(`select pg_terminate_backend(pid) from pg_stat_activity where ${others}`, "changes");
    expect(await told(1)).toEqual([{ kind: "all" }]);
    await theirs.grants.setLockdown(undefined);
    expect(await told(1)).toEqual([{ kind: "lockdown" }]);
  });

  it("is told to nobody who has stopped", async () => {
    const more: StoreChange[] = [];
    const stopMore = theirs.changes.listen((change) => more.push(change));
    expect(await told(1, more)).toEqual([{ kind: "all" }]);
    await stopMore();
    await ours.grants.setLockdown(undefined);
    await theirs.grants.setLockdown(undefined);
    expect(await told(1)).toEqual([{ kind: "lockdown" }]);
    expect(more).toEqual([]);
  });
});
