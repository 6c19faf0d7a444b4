import type { ClosingFile, MissingFile } from "../../gate/direct-paths.ts";
import { tries } from "./nftables.ts";
import type { Place } from "./place.ts";

/** For an agent that is a unit of systemd: the gateway's addresses, and nothing else (systemd.resource-control(5)). */
export function agentUnit(place: Place): ClosingFile | MissingFile {
  const name = "systemd-unit";
  const { agentUnit: unit, gateways } = place.installation;
  if (unit === undefined)
    return { name, why: "for an agent that is a unit of systemd: give --agent-unit NAME.service" };
  if (gateways.length === 0)
    return { name, why: "it lets out to the gateway's addresses alone: give --gateway ADDRESS" };
  const file = `/etc/systemd/system/${unit}.d/mayfly.conf`;
  return {
    name,
    place: `${file}, on the agent's host`,
    content: ["[Service]", "IPAddressDeny=any", `IPAddressAllow=${gateways.join(" ")}`, ""].join("\n"),
    notes: [
      "it closes every other address to the agent, and not this target's alone: add IPAddressAllow= for what else it needs",
      "names are not resolved either: put the gateway's into /etc/hosts, or add IPAddressAllow=127.0.0.53 where systemd-resolved answers there",
      "the kernel must have BPF for control groups: without, systemd starts the unit without the filter and says so in the journal alone, so check",
      "it is about IP: sockets of the file system (/run/postgresql, /var/run/docker.sock) are closed by InaccessiblePaths=",
    ],
    apply: [
      `sudo mkdir -p ${file.slice(0, file.lastIndexOf("/"))} && sudo cp FILE ${file}`,
      `sudo systemctl daemon-reload && sudo systemctl restart ${unit}`,
    ],
    check: [
      `systemctl show ${unit} -p IPAddressDeny -p IPAddressAllow`,
      "# with the same settings; it must fail:",
      ...tries(place, "")
        .slice(1)
        .map(
          (attempt) =>
            `sudo systemd-run --wait --pipe -p IPAddressDeny=any -p "IPAddressAllow=${gateways.join(" ")}" ${attempt}`,
        ),
    ],
    takeBack: [`sudo rm ${file} && sudo systemctl daemon-reload && sudo systemctl restart ${unit}`],
  };
}
