import { type ClosingFile, type MissingFile, savedAs } from "../../gate/direct-paths.ts";
import { familyOf, isLoopback } from "../../kernel/address-blocks.ts";
import { attempts } from "./attempts.ts";
import type { Place } from "./place.ts";

// nft(8). A table of its own for each file: what it holds is taken back whole, and nothing of the host's own is touched. What
// one table accepts another may still drop, and what one drops is dropped.

/** `ip saddr { 10.0.0.5/32 }` of each family that has any. */
function matches(side: "saddr" | "daddr", blocks: readonly string[]): readonly string[] {
  return ([4, 6] as const).flatMap((family) => {
    const of = blocks.filter((each) => familyOf(each) === family);
    return of.length === 0 ? [] : [`${family === 4 ? "ip" : "ip6"} ${side} { ${of.join(", ")} }`];
  });
}

/** Of a file: its table, whose text makes it anew whether it was there or not, and the commands about it. */
function tableOf(place: Place, file: string, chains: readonly string[]) {
  // No connection's name holds an underscore, so two of them never share a table.
  const table = `mayfly_${file === "nftables-agents" ? "agents" : "target"}_${place.connection.replaceAll("-", "_")}`;
  const content = [
    `table inet ${table}`,
    `delete table inet ${table}`,
    `table inet ${table} {`,
    ...chains.map((line) => (line === "" ? "" : `  ${line}`)),
    "}",
    "",
  ].join("\n");
  const saved = savedAs(place.connection, file);
  const kept = `/etc/nftables-${table}.conf`;
  return {
    table,
    name: file,
    content,
    look: [`sudo nft -c -f ${saved}`],
    apply: [
      `sudo nft -f ${saved}`,
      "# for the host's next start: nftables.service (systemctl enable nftables) reads /etc/nftables.conf, which must end with",
      '# include "/etc/nftables-mayfly_*.conf"',
      `sudo cp ${saved} ${kept}`,
    ],
    takeBack: [`sudo nft delete table inet ${table}; sudo rm -f ${kept}`],
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
    [
      ...installation.gateways,
      ...installation.peers,
      ...installation.kept.flatMap(({ from }) => from ?? []),
    ].filter((each) => !isLoopback(each)),
  );
  const ports = [...new Set(paths.endpoints.map(({ port }) => port))].join(", ");
  const { table, ...file } = tableOf(place, name, [
    "chain way_in {",
    ...matches("saddr", [...admitted]).map((match) => `  ${match} accept`),
    "  counter drop",
    "}",
    "",
    "chain before_routing {",
    "  # before addresses are translated: a container's published port is seen as it is asked for",
    "  type filter hook prerouting priority mangle; policy accept;",
    '  iifname "lo" accept',
    "  fib daddr type != local accept",
    `  meta l4proto { tcp, udp } th dport { ${ports} } jump way_in`,
    "}",
  ]);
  const { neighbours } = paths;
  return {
    ...file,
    place: `the host that listens on port ${ports}`,
    notes: [
      ...(neighbours.length > 0
        ? [
            `${neighbours.join(", ")} ${neighbours.length > 1 ? "are" : "is"} at the same port: give all of them the same --keep and --peer, since what one file does not let in no other one does`,
          ]
        : []),
      `it closes the port to every database of the server, and cuts open connections, from every address but the gateway's, those of --keep and those of --peer: standbys, backups and monitoring of other hosts need a --peer each`,
      "processes of the host itself still reach the port: no agent may run there",
      "a container's own address (172.17.0.2) is another way for hosts that have a route to it, and for containers of the same network",
    ],
    check: [
      `sudo nft list table inet ${table}   # the counter tells what was dropped`,
      ...attempts(place, "from an agent's host"),
    ],
  };
}

/** For a host of agents: what the target is reached at, for nobody there. */
export function agentFirewall(place: Place): ClosingFile | MissingFile | undefined {
  const name = "nftables-agents";
  const { paths, installation, addresses } = place;
  if (paths.endpoints.length === 0) return undefined;
  const of = (host: string): readonly string[] => addresses.get(host) ?? [];
  const unknown = paths.endpoints.find(({ host }) => of(host).length === 0);
  if (unknown !== undefined)
    return {
      name,
      why: `${unknown.host} has no address here: give --address ADDRESS, once for each that it has`,
    };
  const { gatewayUser } = installation;
  if (gatewayUser === undefined && paths.endpoints.some(({ host }) => of(host).some(isLoopback)))
    return {
      name,
      why: "the target is on this host, and so the gateway is too: give --gateway-user ACCOUNT, so that its own way stays",
    };
  // One host is reached at each of its own addresses.
  const where = (host: string): readonly string[] => [
    ...(of(host).some(isLoopback) ? ["fib daddr type local"] : []),
    ...matches(
      "daddr",
      of(host).filter((each) => !isLoopback(each)),
    ),
  ];
  const rules = paths.endpoints.flatMap(({ host, port }) =>
    where(host).map((match) => `  ${match} meta l4proto { tcp, udp } th dport ${port} counter reject`),
  );
  const own = gatewayUser === undefined ? [] : [`  meta skuid "${gatewayUser}" accept`];
  const { table, ...file } = tableOf(place, name, [
    "chain way_out {",
    ...rules,
    "}",
    "",
    "# what the host sends, and what its containers send: both before an address is translated (a service's) and after",
    "chain leaving {",
    "  type filter hook output priority mangle; policy accept;",
    ...own,
    "  jump way_out",
    "}",
    "chain left {",
    "  type filter hook output priority filter; policy accept;",
    ...own,
    "  jump way_out",
    "}",
    "chain passing {",
    "  type filter hook prerouting priority mangle; policy accept;",
    '  iifname "lo" accept',
    "  jump way_out",
    "}",
    "chain passed {",
    "  type filter hook forward priority filter; policy accept;",
    "  jump way_out",
    "}",
  ]);
  const known = paths.endpoints.map(
    ({ host, port }) =>
      `${host}:${port} as ${of(host)
        .map((each) => each.replace(/\/(?:32|128)$/, ""))
        .join(", ")}`,
  );
  return {
    ...file,
    place: "each host of agents",
    notes: [
      `it knows ${known.join("; ")}: an address that the name gets later is open until you print and load it again. What lets an agent reach the gateway alone (--agent-unit, --agent-namespace) has no such gap`,
      "everybody on the host is kept from these addresses, whatever else they serve there",
      ...(gatewayUser === undefined
        ? ["if the gateway runs on the same host, add --gateway-user ACCOUNT, or it is kept out too"]
        : [`the account ${gatewayUser} passes: no agent may run as it`]),
      "guests on a bridge of the host pass it unless the kernel hands bridged packets to it (net.bridge.bridge-nf-call-iptables)",
      "a proxy or another host that may reach the target is a way around",
    ],
    check: [
      `sudo nft list table inet ${table}   # the counters tell what was refused`,
      ...attempts(place, "from the agent's account"),
    ],
  };
}
