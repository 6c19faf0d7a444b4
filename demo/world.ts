import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type KubernetesStandIn, whyNoContainers } from "@mayfly/kubernetes-stand-in";
import type { OktaStandIn } from "@mayfly/okta-stand-in";
import { type Billing, billingAuth, startBilling, withBilling } from "../tests/support/billing.ts";
import { startCluster, withCluster } from "../tests/support/cluster.ts";
import { acceptCrm, crmEnvironment, withCrm } from "../tests/support/crm.ts";
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
  /** The internal HTTP API. */
  readonly billing: Billing;
  /** The stand-in for a cluster; undefined where containers cannot be run, and why. */
  readonly cluster: KubernetesStandIn | undefined;
  readonly noCluster: string | undefined;
  readonly gateway: GatewayProcess;
  /** The agent's private key, PEM. */
  readonly agentKey: string;
  /** Folder of the audit log. */
  readonly log: string;
  /** What a shell needs to be a client: PATH, MAYFLY_URL, MAYFLY_CA and where logins are kept. */
  readonly clientEnvironment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Starts the OpenID provider's stand-in, PostgreSQL with the shop, the other systems, and mayflyd. */
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

    const billing = await startBilling();
    undo.push(() => billing.stop());
    const noCluster = whyNoContainers();
    const cluster =
      noCluster === undefined
        ? await say("starting the stand-in for a cluster, its pods in containers", startCluster)
        : undefined;
    if (cluster !== undefined) undo.push(() => cluster.close());

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
    const filled = template.replaceAll(/\$\{(\w+)\}/g, (all, name: string) => values[name] ?? all);
    await copyFile(path.join(root, "examples/schemas/refund.json"), path.join(folder, "refund.json"));
    const grown = withCrm(withBilling(filled, billing.url, folder));
    await writeFile(file, cluster === undefined ? grown : await withCluster(grown, cluster, folder));
    const environment = {
      ORDERS_DB_PASSWORD: "only-the-gateway-knows",
      OKTA_CLIENT_SECRET: consoleClient.secret,
      WEBHOOK_SECRET: receiver.secret,
      BILLING_AUTH: billingAuth,
      CLUSTER_TOKEN: cluster?.token ?? "",
      ...crmEnvironment,
    };
    const gateway = await say("starting mayflyd, the CRM's tools pinned", async () => {
      await acceptCrm(file, environment);
      return startGateway(file, environment);
    });
    undo.push(() => gateway.stop());

    const state = path.join(folder, "state");
    await mkdir(state, { mode: 0o700 });
    return {
      folder,
      okta,
      receiver,
      postgres,
      billing,
      cluster,
      noCluster,
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
