import type { ClosingFile, MissingFile } from "../../gate/direct-paths.ts";
import { familyOf, isLoopback } from "./addresses.ts";
import { objectName, type Place } from "./place.ts";

// nft(8). A table of its own for each file: what it holds is taken back whole, and nothing of the host's own is touched. What
// one table accepts another may still drop, and what one drops is dropped.

/** `ip saddr { 10.0.0.5/32 }` of each family that has any. */
function matches(side: "saddr" | "daddr", blocks: readonly string[]): readonly string[] {
  return ([4, 6] as const).flatMap((family) => {
    const of = blocks.filter((each) => familyOf(each) === family);
    return of.length === 0 ? [] : [`${family === 4 ? "ip" : "ip6"} ${side} { ${of.join(", ")} }`];
  });
}

/** The table's name, and the text that makes it anew whether it was there or not. */
function tableOf(place: Place, suffix: string, chains: readonly string[]) {
  const name = objectName(place, suffix).replaceAll("-", "_");
  const content = [
    `table inet ${name}`,
    `delete table inet ${name}`,
    `table inet ${name} {`,
    ...chains.map((line) => (line === "" ? "" : `  ${line}`)),
    "}",
    "",
  ].join("\n");
  return { name, content };
}

function commands(name: string): Pick<ClosingFile, "apply" | "takeBack"> {
  const kept = `/etc/nftables-${name}.conf`;
  return {
    apply: [
      "sudo nft -c -f FILE && sudo nft -f FILE",
      `# for the host's next start: copy it, and end /etc/nftables.conf with: include "${kept}"`,
      `sudo cp FILE ${kept}`,
    ],
    takeBack: [
      `sudo nft delete table inet ${name}`,
      "# and take the line that includes it out of /etc/nftables.conf",
      `sudo rm ${kept}`,
    ],
  };
}

/** For the target's own host: its port for the gateway alone, and for who is kept. */
export function targetFirewall(place: Place): ClosingFile | MissingFile | undefined {
  const name = "nftables-target";
  const { paths, installation } = place;
  if (paths.isShared || paths.endpoints.length === 0) return undefined;
  if (installation.gateways.length === 0)
    return { name, why: "it lets in the gateway's addresses alone: give --gateway ADDRESS" };
  const admitted = new Set(
    [...installation.gateways, ...installation.kept.flatMap(({ from }) => from ?? [])].filter(
      (each) => !isLoopback(each),
    ),
  );
  const ports = [...new Set(paths.endpoints.map(({ port }) => port))].join(", ");
  const table = tableOf(place, "", [
    "chain way_in {",
    ...matches("saddr", [...admitted]).map((match) => `  ${match} accept`),
    "  counter drop",
    "}",
    "",
    "chain before_routing {",
    "  # before addresses are translated: the port of a container that the host publishes is seen as it is asked for",
    "  type filter hook prerouting priority mangle; policy accept;",
    '  iifname "lo" accept',
    "  fib daddr type != local accept",
    `  meta l4proto { tcp, udp } th dport { ${ports} } jump way_in`,
    "}",
  ]);
  return {
    name,
    place: `the host that listens on port ${ports}`,
    content: table.content,
    notes: [
      "connections that are open already from elsewhere are cut too",
      "the host itself still reaches its own port, and so does a container that shares a network with the target's: no agent may run there",
    ],
    ...commands(table.name),
    check: [
      `sudo nft list table inet ${table.name}   # the counter tells what was dropped`,
      ...tries(place, "# from an agent's host; it must time out:"),
    ],
  };
}

/** For a host of agents: what the target is reached at, for nobody there. */
export function agentFirewall(place: Place): ClosingFile | MissingFile | undefined {
  const name = "nftables-agents";
  const { paths, installation, addresses } = place;
  if (paths.endpoints.length === 0) return undefined;
  const unknown = paths.endpoints.find(({ host }) => (addresses.get(host) ?? []).length === 0);
  if (unknown !== undefined)
    return {
      name,
      why: `${unknown.host} has no address here: give --address ADDRESS, once for each that it has`,
    };
  const all = paths.endpoints.flatMap(({ host }) => addresses.get(host) ?? []);
  const { gatewayUser } = installation;
  if (gatewayUser === undefined && all.some(isLoopback))
    return {
      name,
      why: "the target is on this host, and so the gateway is too: give --gateway-user ACCOUNT, so that its own way stays",
    };
  const rules = paths.endpoints.flatMap(({ host, port }) =>
    matches("daddr", addresses.get(host) ?? []).map(
      (match) => `  ${match} meta l4proto { tcp, udp } th dport ${port} counter reject`,
    ),
  );
  const table = tableOf(place, "-agents", [
    "chain way_out {",
    ...rules,
    "}",
    "",
    "chain leaving {",
    "  type filter hook output priority filter; policy accept;",
    ...(gatewayUser === undefined ? [] : [`  meta skuid "${gatewayUser}" accept`]),
    "  jump way_out",
    "}",
    "",
    "chain passing {",
    "  # what containers of the host send",
    "  type filter hook forward priority filter; policy accept;",
    "  jump way_out",
    "}",
  ]);
  const named = paths.endpoints.filter(({ host }) => (addresses.get(host) ?? []).length > 0);
  return {
    name,
    place: "each host of agents",
    content: table.content,
    notes: [
      `it knows ${named.map(({ host, port }) => `${host}:${port} as ${(addresses.get(host) ?? []).map(plain).join(", ")}`).join("; ")}: an address that the name gets later is open until you print it again. A unit or namespace that may reach the gateway alone (--agent-unit, --agent-namespace) has no such gap`,
      ...(gatewayUser === undefined
        ? ["if the gateway runs on the same host, add --gateway-user ACCOUNT, or it is kept out too"]
        : [`the account ${gatewayUser} passes: no agent may run as it`]),
      "whoever is root on the host can take it away",
    ],
    ...commands(table.name),
    check: [
      `sudo nft list table inet ${table.name}   # the counters tell what was refused`,
      ...tries(place, "# from the agent's account; it must be refused:"),
    ],
  };
}

/** A block of one address without its prefix. */
const plain = (block: string): string => block.replace(/\/(?:32|128)$/, "");

/** Commands that try the direct way. */
export function tries({ paths }: Place, says: string): readonly string[] {
  return [says, ...paths.endpoints.map(({ host, port }) => `nc -z -v -w 5 ${host} ${port}`)];
}
