import { generateKeyPairSync } from "node:crypto";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { type KubernetesStandIn, whyNoContainers } from "@mayfly/kubernetes-stand-in";
import type { OktaStandIn, StandInAgent } from "@mayfly/okta-stand-in";
import { type Billing, billingAuth, startBilling, withBilling } from "@mayfly/testing/billing.ts";
import { startCluster, withCluster } from "@mayfly/testing/cluster.ts";
import { acceptCrm, crmEnvironment, withCrm } from "@mayfly/testing/crm.ts";
import { root, startGateway, type GatewayProcess } from "@mayfly/testing/gateway.ts";
import { whyNoHosts } from "@mayfly/testing/hosts.ts";
import { startProvider } from "@mayfly/testing/people.ts";
import { startReceiver, type Receiver } from "@mayfly/testing/receiver.ts";
import { freePort } from "@mayfly/testing/ports.ts";
import type { EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import { shopConfiguration, shopSecrets, startShopDatabase } from "@mayfly/testing/shop.ts";
import { type ShopNetwork, startShopNetwork } from "@mayfly/testing/shop-network.ts";
import { startAll, type Started } from "@mayfly/testing/undo.ts";

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
  /** Three other hosts, of which an agent's can reach a database; undefined where they cannot be made, and why. */
  readonly network: ShopNetwork | undefined;
  readonly noNetwork: string | undefined;
  readonly gateway: GatewayProcess;
  /** The service app's private key, PEM. */
  readonly agentKey: string;
  /** The registered agent's private key, PEM. */
  readonly registeredKey: string;
  /** Folder of the audit log. */
  readonly log: string;
  /** What a shell needs to be a client: PATH, MAYFLY_URL, MAYFLY_CA and where logins are kept. */
  readonly clientEnvironment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** The registered AI agent's client id at the stand-in, and the person whom it acts for. */
export const registeredAgent = "wlpincidentbot";
export const itsPerson = "sana@example.com";

/** What the stand-in's event hook sends in its Authorization header. */
const hookSecret = "only-okta-and-the-gateway-know";

/** Makes a private key, as `mayfly agent keygen` does. @returns its public half, as it is pasted into Okta */
async function newKey(file: string): Promise<StandInAgent["keys"][number]> {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  await writeFile(file, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  return { ...publicKey.export({ format: "jwk" }), alg: "RS256", use: "sig" };
}

/** Starts the OpenID provider's stand-in, PostgreSQL with the shop, the other systems, and mayflyd. */
export function startWorld(say: Say): Promise<World> {
  return startAll((started) => startWith(started, say));
}

type Say = <T>(what: string, work: () => Promise<T>) => Promise<T>;

async function startWith({ folder: makeFolder, onStop, stop }: Started, say: Say): Promise<World> {
  const folder = await makeFolder("demo");
  const agentKey = path.join(folder, "agent.pem");
  const registeredKey = path.join(folder, "incident-bot.pem");
  const [publicJwk, registeredJwk] = [await newKey(agentKey), await newKey(registeredKey)];

  const [https, port] = [await freePort(), await freePort()];
  const okta = await say("starting the stand-in for Okta", () =>
    startProvider(`https://localhost:${https}`, {
      name: "demo",
      agentKeys: [publicJwk],
      registeredAgents: [
        {
          clientId: registeredAgent,
          name: "incident-bot",
          keys: [registeredJwk],
          owners: ["owner@example.com"],
          userAccess: { people: [itsPerson] },
          connections: [{ resource: `https://localhost:${https}`, scopes: ["mayfly"] }],
        },
      ],
    }),
  );
  await writeFile(path.join(folder, "okta-metadata.xml"), okta.saml.metadata());
  onStop(() => okta.close());
  const receiver = await startReceiver();
  onStop(() => receiver.stop());
  const postgres = await say("starting PostgreSQL with the shop's data", () => startShopDatabase());
  onStop(() => postgres.stop());

  const billing = await startBilling();
  onStop(() => billing.stop());
  const noCluster = whyNoContainers();
  const cluster =
    noCluster === undefined
      ? await say("starting the stand-in for a cluster, its pods in containers", startCluster)
      : undefined;
  if (cluster !== undefined) onStop(() => cluster.close());

  const file = path.join(folder, "mayfly.yaml");
  const filled = await shopConfiguration({ https, postgres: port, okta, receiver, database: postgres });
  await copyFile(path.join(root, "examples/schemas/refund.json"), path.join(folder, "refund.json"));
  const grown = withCrm(withBilling(filled, billing.url, folder));
  await writeFile(file, cluster === undefined ? grown : await withCluster(grown, cluster, folder));
  const environment = {
    ...shopSecrets(receiver, hookSecret),
    BILLING_AUTH: billingAuth,
    CLUSTER_TOKEN: cluster?.token ?? "",
    ...crmEnvironment,
  };
  const gateway = await say("starting mayflyd, the CRM's tools pinned", async () => {
    await acceptCrm(file, environment);
    return startGateway(file, environment);
  });
  onStop(() => gateway.stop());
  // As an administrator does under Workflow > Event Hooks; the stand-in asks for the challenge first, as Okta does.
  await okta.eventHooks.add({
    url: `${gateway.url}/v1/signals/event-hook`,
    secret: hookSecret,
    ca: await readFile(gateway.caFile, "utf8"),
  });

  const noNetwork = whyNoHosts();
  const network =
    noNetwork === undefined
      ? await say("starting three more hosts: an agent's, a gateway's, a database's", startShopNetwork)
      : undefined;
  if (network !== undefined) onStop(() => network.stop());

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
    network,
    noNetwork,
    gateway,
    agentKey,
    registeredKey,
    log: path.join(folder, "data/audit"),
    clientEnvironment: {
      PATH: `${path.join(root, "node_modules/.bin")}:${process.env["PATH"] ?? ""}`,
      MAYFLY_URL: gateway.url,
      MAYFLY_CA: gateway.caFile,
      XDG_STATE_HOME: state,
    },
    stop,
  };
}
