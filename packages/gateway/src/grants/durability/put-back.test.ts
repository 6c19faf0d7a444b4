import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { openStore, type Store } from "../../storage/store.ts";
import type { GrantStore } from "../grants.ts";
import { grantModel } from "../states.ts";
import { harness, minute, settle } from "../testing/harness.ts";
import { agent, operator } from "../testing/samples.ts";

it("a store that is put back while its gateway runs revives nothing that ended since, at no start", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "mayfly-put-back-"));
  const open = (name: string): Promise<Store> =>
    openStore({ kind: "sqlite", file: path.join(folder, name, "mayfly.db") }, grantModel);
  const first = await open("now");
  let current = first.grants;
  const grants = Object.fromEntries(
    Object.keys(first.grants).map((name) => [
      name,
      (...all: unknown[]) => (Reflect.get(current, name) as (...of: unknown[]) => unknown)(...all),
    ]),
  ) as unknown as GrantStore;
  const told: string[] = [];
  const h = await harness({
    poll: false,
    on: { ...first, grants },
    tell: (message) => void told.push(message),
  });
  const { grant = "" } = await h.grants.request(agent, {
    connection: "orders-db",
    operations: ["read-orders"],
    reason: "TICKET-1",
    ttl: 10 * minute,
    clientAddress: "",
  });
  cpSync(path.join(folder, "now"), path.join(folder, "older"), { recursive: true });
  await h.grants.revoke(operator, grant, "suspicious");
  const passes = async (): Promise<void> => {
    for (let looks = 0; looks < 3; looks++) {
      h.clock.advance(5000);
      await settle();
    }
  };
  await passes();
  const second = await open("older");
  current = second.grants;
  expect((await h.store.grant(grant))?.state).toBe("active");
  await passes();
  expect(told).toEqual([expect.stringContaining("was put back")]);
  h.crash();
  expect((await h.another()).live(grant)).toBeUndefined();
  expect((await h.store.grant(grant))?.state).toBe("revoked");
  await h.close();
  await first.close();
  await second.close();
  rmSync(folder, { recursive: true, force: true });
});
