import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { OktaStandIn } from "@mayfly/okta-stand-in";
import { root, startGateway, type GatewayProcess } from "../tests/support/gateway.ts";
import { consoleClient, startProvider } from "../tests/support/people.ts";
import { startReceiver, type Receiver } from "../tests/support/receiver.ts";
import { freePort, startPostgres, type EmbeddedPostgres } from "../tests/support/postgres.ts";

/** Everything that the demo runs, and the environment of its clients. */
export interface World {
  readonly folder: string;
  readonly okta: OktaStandIn;
  /** Takes the webhook, and checks its signatures. */
  readonly receiver: Receiver;
  readonly postgres: EmbeddedPostgres;
  readonly gateway: GatewayProcess;
  /** The agent's private key, PEM. */
  readonly agentKey: string;
  /** Folder of the audit log. */
  readonly log: string;
  /** What a shell needs to be a client: PATH, MAYFLY_URL, MAYFLY_CA and where logins are kept. */
  readonly clientEnvironment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Starts the OpenID provider's stand-in, PostgreSQL with the shop, and mayflyd. */
export async function startWorld(
  say: <T>(what: string, work: () => Promise<T>) => Promise<T>,
): Promise<World> {
  const folder = await mkdtemp(path.join(tmpdir(), "mayfly-demo-"));
  const undo: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (const step of undo.toReversed()) await step();
  };
  try {
    const agentKey = path.join(folder, "agent.pem");
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    await writeFile(agentKey, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
    const publicJwk = createPublicKey(createPrivateKey(await readFile(agentKey))).export({ format: "jwk" });

    const [https, port] = [await freePort(), await freePort()];
    const okta = await say("starting the stand-in for Okta", () =>
      startProvider(`https://localhost:${https}`, {
        name: "demo",
        agentKeys: [{ ...publicJwk, alg: "RS256", use: "sig" }],
      }),
    );
    await writeFile(path.join(folder, "okta-metadata.xml"), okta.saml.metadata());
    undo.push(() => okta.close());
    const receiver = await startReceiver();
    undo.push(() => receiver.stop());
    const postgres = await say("starting PostgreSQL with the shop's data", async () => {
      const started = await startPostgres();
      await started.run("CREATE DATABASE shop");
      await started.run(await readFile(path.join(root, "demo/shop.sql"), "utf8"), "shop");
      return started;
    });
    undo.push(() => postgres.stop());

    const template = await readFile(path.join(root, "demo/mayfly.yaml"), "utf8");
    const file = path.join(folder, "mayfly.yaml");
    const values: Record<string, string> = {
      HTTPS_PORT: String(https),
      POSTGRES_PORT: String(port),
      ISSUER: okta.issuer,
      ORG_ISSUER: okta.orgIssuer,
      RECEIVER_URL: receiver.url,
      DATABASE_PORT: String(postgres.port),
    };
    await writeFile(
      file,
      template.replaceAll(/\$\{(\w+)\}/g, (all, name: string) => values[name] ?? all),
    );
    const gateway = await say("starting mayflyd", () =>
      startGateway(file, {
        ORDERS_DB_PASSWORD: "only-the-gateway-knows",
        OKTA_CLIENT_SECRET: consoleClient.secret,
        WEBHOOK_SECRET: receiver.secret,
      }),
    );
    undo.push(() => gateway.stop());

    const state = path.join(folder, "state");
    await mkdir(state, { mode: 0o700 });
    return {
      folder,
      okta,
      receiver,
      postgres,
      gateway,
      agentKey,
      log: path.join(folder, "data/audit"),
      clientEnvironment: {
        PATH: `${path.join(root, "node_modules/.bin")}:${process.env["PATH"] ?? ""}`,
        MAYFLY_URL: gateway.url,
        MAYFLY_CA: gateway.caFile,
        XDG_STATE_HOME: state,
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
