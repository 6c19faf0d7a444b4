// tier: full
import { chmodSync, statSync } from "node:fs";
import path from "node:path";
import { call } from "@mayfly/testing/api.ts";
import { type ConfiguredGateway, startConfiguredGateway } from "@mayfly/testing/configured-gateway.ts";
import { until } from "@mayfly/testing/live-psql.ts";
import { afterAll, beforeAll, expect, test } from "vitest";

// Nobody asks for anything here but `/readyz`, as behind a load balancer: only the log's own timers find out how it stands.

/** Each mode is told by a look of its own, and no look comes when the one before has not planned it. */
const modes = Array.from({ length: 16 }, (_, at) => 0o701 + at);

let running: ConfiguredGateway;
beforeAll(async () => {
  running = await startConfiguredGateway({
    name: "log-put-back",
    agents: { bot: ["bots"] },
    configuration: "connections: {}\npolicies: []\n",
  });
});
afterAll(() => running.stop());

/** Waits until the log says so in mayflyd's own. */
const said = (words: string): Promise<true> =>
  until(`the log says "${words}"`, () =>
    running.gateway.lines.some(({ problem }) => String(problem).includes(words)) ? true : undefined,
  );

/** Waits until `/readyz` answers with a status. @returns the answer's body */
const readyz = (status: number): Promise<string> =>
  until(`/readyz answers ${status}`, async () => {
    const answer = await call(running.gateway, undefined, "GET", "/readyz");
    return answer.status === status ? JSON.stringify(answer.body) : undefined;
  });

test("a log whose folder had another mode for a while takes records again, though nobody asks for anything", async () => {
  const folder = path.join(running.folder, "data/audit");
  const own = statSync(folder).mode & 0o777;
  await readyz(200);
  for (const mode of modes) {
    chmodSync(folder, mode);
    await said(`has mode 0${mode.toString(8)}; it had 0${own.toString(8)}`);
  }
  expect(await readyz(503)).toContain("has mode");
  chmodSync(folder, own);
  await said("is whole again, and takes records again");
  await readyz(200);
});
