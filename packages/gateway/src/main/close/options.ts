import type { ClusterAccount, KeptRole } from "../../gate/direct-paths.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { readBlock } from "../../kernel/address-blocks.ts";

/** What is written after `mayflyd close CONNECTION`. */
export interface CloseOptions {
  readonly config: string;
  readonly gateway: readonly string[];
  readonly entry: readonly string[];
  readonly gatewayUser?: string;
  readonly keep: readonly string[];
  readonly peer: readonly string[];
  readonly address: readonly string[];
  readonly agentNamespace?: string;
  readonly agentUnit?: string;
  readonly targetPods?: string;
  readonly account?: string;
  readonly only?: string;
  readonly json: boolean;
}

/** The installation, as the options say it. */
export interface Installation {
  /** Where the gateway's connections come from, as CIDR blocks. */
  readonly gateways: readonly string[];
  /** The namespaces of gateways that run in a cluster. */
  readonly gatewayNamespaces: readonly string[];
  /** Where agents reach the gateway, as CIDR blocks; empty: at the addresses of its URL's name. */
  readonly entries: readonly string[];
  /** The account of the operating system that the gateway runs as. */
  readonly gatewayUser?: string;
  readonly kept: readonly KeptRole[];
  /** Who else reaches the target's port, as CIDR blocks. */
  readonly peers: readonly string[];
  /** The target's addresses; empty: those of its name. */
  readonly addresses: readonly string[];
  readonly agentNamespace?: string;
  readonly agentUnit?: string;
  readonly targetPods?: Readonly<Record<string, string>>;
  readonly account?: ClusterAccount;
}

const namespacePattern = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const accountPattern = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
const userPattern = /^[A-Za-z_][A-Za-z0-9_-]{0,31}$/;
/** A service that can be restarted: no template (`agent@.service`). */
const unitPattern = /^[A-Za-z0-9:_.-]{1,120}(?:@[A-Za-z0-9:_.-]{1,120})?\.service$/;
const certificatePattern = /^[A-Za-z0-9][A-Za-z0-9:@._-]{0,252}$/;
const labelPattern =
  /^((?:[a-z0-9.-]{1,253}\/)?[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)=((?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?)$/;

function refused(option: string, written: string, form: string): MayflyError {
  return new MayflyError("wrong_option", `${option} ${JSON.stringify(written)} cannot be read`, {
    hint: `write ${form}`,
  });
}

function matching(option: string, written: string | undefined, pattern: RegExp, form: string) {
  if (written !== undefined && !pattern.test(written)) throw refused(option, written, form);
  return written;
}

/** Blocks, each as an option has it. */
function blocks(option: string, written: readonly string[]): readonly string[] {
  return [...new Set(written.map((each) => readBlock(each, `${option} ${each}`)))];
}

/** `dba@10.0.9.0/24`; `postgres` alone, or `odd@name@` where the name itself holds an @. */
function readKept(written: string): KeptRole {
  const at = written.lastIndexOf("@");
  const role = at === -1 ? written : written.slice(0, at);
  if (role === "") throw refused("--keep", written, "--keep ROLE or --keep ROLE@ADDRESS");
  if (role.startsWith("+")) throw refused("--keep", written, "each role by its own name, not a group's");
  const from = at === -1 ? "" : written.slice(at + 1);
  return from === "" ? { role } : { role, from: readBlock(from, `--keep ${written}`) };
}

/** `mayfly/gateway`, or `user:gateway` for one that comes with a certificate. */
function readAccount(written: string): ClusterAccount {
  if (written.startsWith("user:")) {
    const name = written.slice("user:".length);
    if (certificatePattern.test(name) && !name.startsWith("system:")) return { kind: "User", name };
  }
  const [namespace = "", name = "", ...more] = written.split("/");
  if (!namespacePattern.test(namespace) || !accountPattern.test(name) || more.length > 0)
    throw refused("--account", written, "--account NAMESPACE/NAME, or user:NAME for a certificate's");
  return { kind: "ServiceAccount", namespace, name };
}

function readPods(written: string): Readonly<Record<string, string>> {
  const labels = written.split(",").map((each) => labelPattern.exec(each));
  if (labels.includes(null)) throw refused("--target-pods", written, "--target-pods LABEL=VALUE,…");
  return Object.fromEntries(labels.map((found) => [found?.[1] ?? "", found?.[2] ?? ""]));
}

/** Reads what the options say of the installation. @throws MayflyError */
export function readInstallation(options: CloseOptions): Installation {
  const inCluster = options.gateway.filter((each) => each.startsWith("namespace:"));
  const gatewayNamespaces = inCluster.map((each) => each.slice("namespace:".length));
  for (const each of gatewayNamespaces)
    matching("--gateway", each, namespacePattern, "--gateway namespace:NAME");
  const gatewayUser = matching("--gateway-user", options.gatewayUser, userPattern, "an account's name");
  const agentUnit = matching("--agent-unit", options.agentUnit, unitPattern, "a unit: agent.service");
  const agentNamespace = matching(
    "--agent-namespace",
    options.agentNamespace,
    namespacePattern,
    "a namespace's name",
  );
  return {
    gateways: blocks(
      "--gateway",
      options.gateway.filter((each) => !inCluster.includes(each)),
    ),
    entries: blocks("--entry", options.entry),
    gatewayNamespaces,
    kept: options.keep.map(readKept),
    peers: blocks("--peer", options.peer),
    addresses: blocks("--address", options.address),
    ...(options.account === undefined ? {} : { account: readAccount(options.account) }),
    ...(gatewayUser === undefined ? {} : { gatewayUser }),
    ...(agentNamespace === undefined ? {} : { agentNamespace }),
    ...(agentUnit === undefined ? {} : { agentUnit }),
    ...(options.targetPods === undefined ? {} : { targetPods: readPods(options.targetPods) }),
  };
}
