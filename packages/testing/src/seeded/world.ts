import { writeFile } from "node:fs/promises";
import path from "node:path";
import { billingAuth, startBilling } from "../billing.ts";
import { startEmptyCluster } from "../cluster.ts";
import { crmEnvironment } from "../crm.ts";
import { startAll } from "../undo.ts";
import { startWorld, type World, type WorldOptions } from "../world.ts";
import { changeSchema, seededConfiguration } from "./configuration.ts";
import { beginWork } from "./live.ts";
import { writeHistory } from "./history.ts";
import type { LiveSeed } from "./scene.ts";
import { type Amounts, usualAmounts } from "./plan.ts";

/** A world with a day of history: fourteen connections, their agents, grants and requests, and work under way. */
export interface SeededWorld extends World {
  readonly live: readonly LiveSeed[];
}

/** A table that nobody can read while it is locked: whoever tries waits, which costs nobody anything. */
const lockedTable = `
  CREATE TABLE public.payouts (id integer PRIMARY KEY, total numeric(10, 2) NOT NULL, status text NOT NULL);
  GRANT SELECT ON public.payouts TO mayfly;`;

/** @param amounts how many grants and requests there are; the usual ones where left out */
export function startSeededWorld(
  amounts: Partial<Amounts> = {},
  options: Partial<WorldOptions> = {},
): Promise<SeededWorld> {
  return startAll(async ({ onStop, stop }) => {
    const billing = await startBilling();
    onStop(() => billing.stop());
    const cluster = await startEmptyCluster();
    onStop(() => cluster.close());
    let live: readonly LiveSeed[] = [];
    const world = await startWorld({
      store: "sqlite",
      ...options,
      environment: {
        BILLING_AUTH: billingAuth,
        CLUSTER_TOKEN: cluster.token,
        ...crmEnvironment,
        ...options.environment,
      },
      configure: (text) => {
        const databasePort = Number(/\n +port: (\d+)/.exec(text)?.[1]);
        return seededConfiguration(text, { databasePort, apiUrl: billing.url, cluster });
      },
      async prepare({ folder, file, environment, okta, postgres }) {
        await postgres.run(lockedTable, "shop");
        await writeFile(path.join(folder, "change.json"), JSON.stringify(changeSchema));
        await writeFile(path.join(folder, "cluster-ca.pem"), cluster.ca);
        const issuers = { agents: okta.issuer, people: okta.orgIssuer };
        const seeded = await writeHistory(file, environment, { ...usualAmounts, ...amounts }, issuers);
        live = seeded.live;
      },
    });
    // Its own stop is replaced below, by one that ends all of this.
    onStop(world.stop.bind(world));
    const work = await beginWork(world.gateway, world.postgres, live);
    onStop(() => work.stop());
    return Object.assign(world, { live, stop });
  });
}
