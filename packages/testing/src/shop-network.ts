import type { ChildProcess } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type Hosts, makeHosts } from "./hosts.ts";
import { type Started, startAll } from "./undo.ts";

const addresses = {
  agent: ["10.77.0.7/24", "fd77::7/64"],
  gateway: ["10.77.0.5/24", "fd77::5/64"],
  // The third is one that no name of the gateway's leads to; the last a cloud's.
  database: ["10.77.0.10/24", "fd77::10/64", "10.77.0.11/24", "169.254.169.254/32"],
} as const;

const url = "https://10.77.0.5:8443";

const hostNames = "127.0.0.1 localhost\n10.77.0.10 db.internal\nfd77::10 db.internal\n";

/** Three hosts of their own: an agent's; the gateway's; one with the shop's database, and a cluster's API server beside it. */
export interface ShopNetwork {
  readonly hosts: Hosts;
  /** Of files that all hosts see. */
  readonly folder: string;
  /** What belongs into /etc/hosts; the gateway's host has it there. */
  readonly hostsFile: string;
  /** The gateway's. */
  readonly url: string;
  readonly configuration: string;
  readonly caFile: string;
  /** Access tokens of the agent and of an operator. */
  readonly tokens: { readonly agent: string; readonly operator: string };
  /** The database's data folder; its socket is in the folder that this one is in. */
  readonly data: string;
  /** Starts a program in a host that says in one line of JSON that it is up, and what there is to know. @throws Error when it ends before */
  up<T>(host: string, command: readonly string[]): Promise<T>;
  stop(): Promise<void>;
}

function announced<T>(child: ChildProcess, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      if (text.endsWith("\n")) resolve(JSON.parse(text) as T);
    });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${what} ended with ${code}`)));
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await gone;
}

async function startWith({ folder: makeFolder, onStop, stop }: Started): Promise<ShopNetwork> {
  const folder = await makeFolder("network");
  // PostgreSQL runs as another user where root starts it.
  chmodSync(folder, 0o755);
  const hosts = makeHosts();
  onStop(() => hosts.remove());
  for (const [host, each] of Object.entries(addresses)) {
    hosts.add(host);
    hosts.plug(host, each);
  }
  const up = <T>(host: string, command: readonly string[]): Promise<T> => {
    const child = hosts.start(host, command);
    onStop(() => ended(child));
    return announced<T>(child, command.join(" "));
  };
  const program = (name: string): readonly string[] => [
    process.execPath,
    path.join(import.meta.dirname, "shop-network", name),
  ];
  const { data, certificate } = await up<{ data: string; certificate: string }>("database", [
    ...program("database.ts"),
    "10.77.0.10",
  ]);
  const hostsFile = path.join(folder, "hosts");
  writeFileSync(hostsFile, hostNames);
  writeFileSync(path.join(folder, "cluster.pem"), certificate);
  const gateway = await up<{ config: string; ca: string; agent: string; operator: string }>("gateway", [
    "sh",
    "-c",
    'mount --bind "$1" /etc/hosts && shift && exec "$@"',
    "sh",
    hostsFile,
    ...program("gateway.ts"),
    folder,
    url,
    path.join(folder, "cluster.pem"),
  ]);
  return {
    hosts,
    folder,
    hostsFile,
    url,
    configuration: gateway.config,
    caFile: gateway.ca,
    tokens: { agent: gateway.agent, operator: gateway.operator },
    data,
    up,
    stop,
  };
}

/** Starts them, each a network namespace. @throws Error where `whyNoHosts` has an answer */
export function startShopNetwork(): Promise<ShopNetwork> {
  return startAll(startWith);
}
