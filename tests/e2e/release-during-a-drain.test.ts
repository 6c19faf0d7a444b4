// tier: full
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { call } from "@mayfly/testing/api.ts";
import { root, type GatewayProcess } from "@mayfly/testing/gateway.ts";
import { freePort } from "@mayfly/testing/ports.ts";
import { namedFirst, secondGateway } from "@mayfly/testing/second-gateway.ts";
import { startWorld, type World } from "@mayfly/testing/world.ts";

// `mayfly run` ends while the gateway that it asked is drained and stopped, one of two on a store or the only one.

let world: World;
let second: GatewayProcess;
/** Stands before both, as a load balancer does. */
let front: Server;
let frontPort: number;
/** How many connections the first gateway, once stopped, did not take. */
let refused = 0;
/** After so many the second is asked instead. */
let patience = Infinity;

beforeAll(async () => {
  world = await startWorld({
    store: "postgres",
    configure: (text) => `${namedFirst(text)}shutdown: { drain: 1h, announce: 0s }\n`,
  });
  second = await (await secondGateway(world))();
  const portOf = ({ url }: GatewayProcess): number => Number(new URL(url).port);
  front = createServer((client) => {
    const server = connect(portOf(refused >= patience ? second : world.gateway), "127.0.0.1");
    server.on("error", () => {
      refused += 1;
      client.destroy();
    });
    client.on("error", () => server.destroy());
    client.pipe(server).pipe(client);
  });
  frontPort = await freePort();
  await new Promise<void>((resolve) => front.listen(frontPort, "127.0.0.1", resolve));
});
afterAll(async () => {
  front?.close();
  await second?.stop("SIGKILL");
  await world?.stop();
});

/** `mayfly run` of a command that ends, with 3, once it is told to. Without a lease, nothing but the release is sent then. */
async function startRun(): Promise<{
  readonly grant: string;
  endCommand(): void;
  readonly ended: Promise<{ readonly code: number | null; readonly stderr: string }>;
}> {
  const ca = path.join(world.folder, "both-ca.pem");
  writeFileSync(ca, readFileSync(world.gateway.caFile, "utf8") + readFileSync(second.caFile, "utf8"));
  const args = ["run", "orders-db/read-orders", "--reason", "TICKET-1", "--no-lease", "--"];
  const child = spawn(
    process.execPath,
    [
      path.join(root, "packages/cli/bin/mayfly.js"),
      ...args,
      "sh",
      "-c",
      "echo $MAYFLY_GRANT; read word; exit 3",
    ],
    {
      env: {
        ...process.env,
        MAYFLY_URL: `https://localhost:${frontPort}`,
        MAYFLY_CA: ca,
        MAYFLY_TOKEN: await world.agentToken(),
      },
    },
  );
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const ended = new Promise<{ code: number | null; stderr: string }>((resolve) => {
    child.once("close", (code) => resolve({ code, stderr }));
  });
  const grant = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding("utf8").once("data", (text: string) => resolve(text.trim()));
    void ended.then(() => reject(new Error(stderr)));
  });
  return { grant, endCommand: () => child.stdin.end(), ended };
}

const shown = async (grant: string): Promise<unknown> =>
  (await call(second, await world.agentToken(), "GET", `/v1/grants/${grant}`)).body;

test("the release is tried until another gateway takes it", async () => {
  const { grant, endCommand, ended } = await startRun();
  expect(await world.gateway.stop("SIGTERM")).toBe(0);
  refused = 0;
  // As many as were ever tried without a pause, and some.
  patience = 4;
  endCommand();
  expect(await ended).toEqual({ code: 3, stderr: expect.stringContaining("mayfly: released") });
  expect(await shown(grant)).toMatchObject({ state: "released" });
  patience = Infinity;
  await world.restart();
});

test("where no gateway takes it, run says when the grant ends, and ends as its command did", async () => {
  const { grant, endCommand, ended } = await startRun();
  expect(await world.gateway.stop("SIGTERM")).toBe(0);
  endCommand();
  const { code, stderr } = await ended;
  expect(code).toBe(3);
  const { state, ends_at: endsAt } = (await shown(grant)) as { state: string; ends_at: string };
  expect(state).toBe("active");
  const deadline = `${endsAt.slice(0, 19).replace("T", " ")} UTC`;
  expect(stderr).toContain("cannot reach https://localhost");
  expect(stderr).toContain(
    `mayfly: grant ${grant} could not be released; it ends by itself at its deadline, ${deadline}`,
  );
  expect(stderr).not.toContain("mayfly: released");
});
