import type { KeptRole } from "../../gate/direct-paths.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { readBlock } from "./addresses.ts";

/** What is written after `mayflyd close CONNECTION`. */
export interface CloseOptions {
  readonly config: string;
  readonly gateway: readonly string[];
  readonly gatewayUser?: string;
  readonly keep: readonly string[];
  readonly address: readonly string[];
  readonly agentNamespace?: string;
  readonly agentUnit?: string;
  readonly targetPods?: string;
  readonly account: string;
  readonly only?: string;
  readonly json: boolean;
}

/** The installation, as the options say it. */
export interface Installation {
  /** Where the gateway's connections come from, as CIDR blocks. */
  readonly gateways: readonly string[];
  /** The namespaces of gateways that run in a cluster. */
  readonly gatewayNamespaces: readonly string[];
  /** The account of the operating system that the gateway runs as. */
  readonly gatewayUser?: string;
  readonly kept: readonly KeptRole[];
  /** The target's addresses; empty: those of its name. */
  readonly addresses: readonly string[];
  readonly agentNamespace?: string;
  readonly agentUnit?: string;
  readonly targetPods?: Readonly<Record<string, string>>;
  readonly account: { readonly namespace: string; readonly name: string };
}

const namespacePattern = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const accountPattern = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
const userPattern = /^[A-Za-z_][A-Za-z0-9_-]{0,31}$/;
const unitPattern = /^[A-Za-z0-9:_.@-]{1,247}\.(?:service|scope|slice|socket)$/;
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

/** `dba@10.0.9.0/24`, or `postgres` alone. */
function readKept(written: string): KeptRole {
  const at = written.lastIndexOf("@");
  const role = at === -1 ? written : written.slice(0, at);
  if (role === "") throw refused("--keep", written, "--keep ROLE or --keep ROLE@ADDRESS");
  return at === -1 ? { role } : { role, from: readBlock(written.slice(at + 1)) };
}

function readPods(written: string): Readonly<Record<string, string>> {
  const labels = written.split(",").map((each) => labelPattern.exec(each));
  if (labels.includes(null)) throw refused("--target-pods", written, "--target-pods LABEL=VALUE,…");
  return Object.fromEntries(labels.map((found) => [found?.[1] ?? "", found?.[2] ?? ""]));
}

/** Reads what the options say of the installation. @throws MayflyError */
export function readInstallation(options: CloseOptions): Installation {
  const [namespace = "", name = "", ...more] = options.account.split("/");
  if (!namespacePattern.test(namespace) || !accountPattern.test(name) || more.length > 0)
    throw refused("--account", options.account, "--account NAMESPACE/NAME");
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
    gateways: [...new Set(options.gateway.filter((each) => !inCluster.includes(each)).map(readBlock))],
    gatewayNamespaces,
    kept: options.keep.map(readKept),
    addresses: [...new Set(options.address.map(readBlock))],
    account: { namespace, name },
    ...(gatewayUser === undefined ? {} : { gatewayUser }),
    ...(agentNamespace === undefined ? {} : { agentNamespace }),
    ...(agentUnit === undefined ? {} : { agentUnit }),
    ...(options.targetPods === undefined ? {} : { targetPods: readPods(options.targetPods) }),
  };
}
