import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";

/** Hosts of a test's own: network namespaces on one switch, whose names nobody else can take. */
export interface Hosts {
  /** What `ip netns` calls a host. */
  namespaceOf(host: string): string;
  /** Runs a command in a host, to its end. @throws Error when it fails */
  inside(host: string, ...command: readonly string[]): string;
  /** Starts a program in a host; it ends with the hosts at the latest. */
  start(host: string, command: readonly string[], env?: NodeJS.ProcessEnv): ChildProcess;
  /** Makes a host without a network. */
  add(host: string): void;
  /** Puts a host on the switch. */
  plug(host: string, addresses: readonly string[]): void;
  remove(): void;
}

function ip(...args: readonly string[]): string {
  return execFileSync("ip", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

const newMark = (): string => `mf-${randomBytes(3).toString("hex")}`;

/** Why hosts cannot be made here; undefined when they can: by root, and not in a container without its rights. */
export function whyNoHosts(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0)
    return "network namespaces are made by root alone, on Linux";
  const name = `${newMark()}-trial`;
  try {
    ip("netns", "add", name);
    ip("netns", "exec", name, "nft", "add", "table", "inet", "trial");
    return undefined;
  } catch (error) {
    return `network namespaces cannot be made: ${(error as Error).message.trim().replaceAll("\n", ": ")}`;
  } finally {
    spawnSync("ip", ["netns", "del", name]);
  }
}

/** Makes a switch that hosts can be plugged into. */
export function makeHosts(): Hosts {
  const mark = newMark();
  const made = new Set<string>();
  const children = new Set<ChildProcess>();
  const namespaceOf = (host: string): string => `${mark}-${host}`;
  const inside = (host: string, ...command: readonly string[]): string =>
    ip("netns", "exec", namespaceOf(host), ...command);
  const add = (host: string): void => {
    ip("netns", "add", namespaceOf(host));
    made.add(host);
    inside(host, "ip", "link", "set", "lo", "up");
  };
  add("switch");
  inside("switch", "ip", "link", "add", "bridge0", "type", "bridge");
  inside("switch", "ip", "link", "set", "bridge0", "up");
  return {
    namespaceOf,
    inside,
    add,
    start(host, command, env) {
      const child = spawn("ip", ["netns", "exec", namespaceOf(host), ...command], {
        stdio: ["ignore", "pipe", "inherit"],
        ...(env === undefined ? {} : { env }),
      });
      children.add(child);
      child.once("close", () => children.delete(child));
      return child;
    },
    plug(host, addresses) {
      const [near, far] = ["eth0", `to-${host}`];
      inside(
        host,
        "ip",
        "link",
        "add",
        near,
        "type",
        "veth",
        "peer",
        "name",
        far,
        "netns",
        namespaceOf("switch"),
      );
      for (const address of addresses)
        inside(host, "ip", "addr", "add", address, "dev", near, ...(address.includes(":") ? ["nodad"] : []));
      inside(host, "ip", "link", "set", near, "up");
      inside("switch", "ip", "link", "set", far, "master", "bridge0");
      inside("switch", "ip", "link", "set", far, "up");
    },
    remove() {
      for (const child of children) child.kill("SIGKILL");
      for (const host of made) spawnSync("ip", ["netns", "del", namespaceOf(host)]);
    },
  };
}
