import type { ProbedHost } from "@mayfly/sdk/browser";
import type { Tone } from "../../components/badge.tsx";

const order = { open: 0, undecided: 1, closed: 2 } as const;

/** What needs somebody first: open, then undecided; the newest among equals. */
export function worstFirst(hosts: readonly ProbedHost[]): readonly ProbedHost[] {
  return hosts.toSorted(
    (one, other) =>
      order[one.verdict] - order[other.verdict] || Date.parse(other.probed_at) - Date.parse(one.probed_at),
  );
}

/** The colour of a verdict. */
export const verdictTones: Readonly<Record<ProbedHost["verdict"], Tone>> = {
  open: "bad",
  undecided: "warn",
  closed: "good",
};

/** How a connection's verdict is called. */
const connectionWords: Readonly<Record<ProbedHost["connections"][number]["verdict"], string | undefined>> = {
  open_with_credential: "open, with a credential on the host",
  open: "open",
  undecided: "undecided",
  closed: undefined,
  no_address: undefined,
};

/** What of a host is not closed, a line each. */
export function openLines({ connections, open, undecided }: ProbedHost): readonly string[] {
  return [
    ...connections.flatMap((each) => {
      const words = connectionWords[each.verdict];
      if (words === undefined) return [];
      const why = (each.verdict === "undecided" ? each.undecided : each.open).join("; ");
      return [`${each.connection} is ${words}${why === "" ? "" : `: ${why}`}`];
    }),
    ...open.map((way) => `beside the connections: ${way}`),
    ...undecided.map((way) => `beside the connections, undecided: ${way}`),
  ];
}
