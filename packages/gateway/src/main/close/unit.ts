import { type ClosingFile, type MissingFile, savedAs } from "../../gate/direct-paths.ts";
import { overlap } from "../../kernel/address-blocks.ts";
import { connects } from "./attempts.ts";
import { type Place, whyNoEntry } from "./place.ts";

/** For an agent that is a unit of systemd: the gateway's addresses, and nothing else (systemd.resource-control(5)). */
export function agentUnit(place: Place): ClosingFile | MissingFile {
  const name = "systemd-unit";
  const { agentUnit: unit } = place.installation;
  if (unit === undefined)
    return { name, why: "for an agent that is a unit of systemd: give --agent-unit NAME.service" };
  const why = whyNoEntry(place);
  if (why !== undefined) return { name, why };
  const { entries } = place;
  // It lets through every port of the gateway's addresses: the target must be known not to be at one of them.
  const unknown = [...place.addresses].find(([, found]) => found.length === 0)?.[0];
  if (unknown !== undefined)
    return {
      name,
      why: `${unknown} has no address here, so it may be at one of the gateway's: give --address ADDRESS`,
    };
  const reached = [...place.addresses.values()].flat();
  const common = reached.find((address) => entries.some((entry) => overlap(entry, address)));
  if (common !== undefined)
    return {
      name,
      why: `the target is at an address of the gateway's (${common}), and it knows no ports: give the agent's host nftables-agents`,
    };
  const folder = `/etc/systemd/system/${unit}.d`;
  const file = `${folder}/zz-mayfly-${place.connection}.conf`;
  const allow = entries.join(" ");
  const transient = `sudo systemd-run --wait --pipe -q -p IPAddressDeny=any -p "IPAddressAllow=${allow}"`;
  const restart = `sudo systemctl daemon-reload && sudo systemctl restart ${unit}`;
  return {
    name,
    place: `${file}, on the agent's host`,
    content: [
      "[Service]",
      "# what the unit's own file allows is taken back first",
      "IPAddressAllow=",
      "IPAddressDeny=any",
      `IPAddressAllow=${allow}`,
      "",
    ].join("\n"),
    notes: [
      "it closes every other address to the unit, and not this target's alone: add to IPAddressAllow= what else it needs",
      "names are not resolved either: put the gateway's into /etc/hosts, or add 127.0.0.53 where systemd-resolved answers there",
      "what the unit's slices allow (IPAddressAllow= of system.slice, say) is let through too",
      "what the agent has others start for it (cron, systemd-run, a container engine's socket) is not in the unit",
      "it is about IP: sockets of the file system (/run/postgresql, /var/run/docker.sock) are closed by InaccessiblePaths=",
      "without BPF for control groups in the kernel, systemd starts the unit without the filter and says so in the journal alone: check",
    ],
    look: [`systemctl show ${unit} -p IPAddressAllow -p IPAddressDeny -p Slice`],
    apply: [`sudo mkdir -p ${folder} && sudo cp ${savedAs(place.connection, name)} ${file}`, restart],
    check: [
      `systemctl show ${unit} -p IPAddressAllow -p IPAddressDeny   # ${allow}, and 0.0.0.0/0 ::/0`,
      "# that this host enforces it: OPEN without the settings, an error or nothing with them",
      ...connects(place).flatMap((attempt) => [
        `sudo systemd-run --wait --pipe -q ${attempt}`,
        `${transient} ${attempt}`,
      ]),
    ],
    takeBack: [`sudo rm ${file} && ${restart}`],
  };
}
