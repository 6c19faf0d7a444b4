import type { LeftBehind } from "../../../gate/protocol.ts";
import type { Clock } from "../../../kernel/clock.ts";
import { withOwnConnection, type OwnConnection } from "./own-connection.ts";
import { isLeftBehind, readSessionName, type GatewayMark } from "../login/session-name.ts";
import type { Target } from "../target.ts";
import { UpstreamError } from "./connect.ts";

/** How long a backend may take to go once it is terminated, milliseconds. */
const GONE_WITHIN_MS = 8000;
const LOOK_EVERY_MS = 100;
/** How long all of it may take on one target, milliseconds. */
const END_LEFT_MS = 15_000;

/** A backend, told from a later one with its number by when it began. */
interface Backend {
  readonly pid: string;
  readonly began: string;
  readonly name: string;
  readonly state: string;
}

/** Every backend of the gateway's own role; names are read here, not by the server's patterns. */
const ownBackends =
  "select pid, backend_start::text, application_name, coalesce(state, '') from pg_catalog.pg_stat_activity where usename operator(pg_catalog.=) current_user";

async function backends({ ask }: OwnConnection): Promise<readonly Backend[]> {
  return (await ask(ownBackends)).map(([pid, began, name, state]) => ({
    pid: pid ?? "",
    began: began ?? "",
    name: name ?? "",
    state: state ?? "",
  }));
}

function terminating({ pid, began }: Backend): string {
  if (!/^\d+$/.test(pid) || !/^[\d :.+-]+$/.test(began))
    throw new UpstreamError(
      "08P01",
      "the database lists a backend that is none",
      "see the database's own log",
    );
  return `select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity where pid operator(pg_catalog.=) ${pid} and backend_start operator(pg_catalog.=) '${began}'`;
}

/**
 * Ends the backends that earlier runs of this gateway left on a server, and waits until they are gone.
 * @returns those that were found
 * @throws UpstreamError
 */
export function endLeftBehind(
  target: Target,
  mark: GatewayMark,
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly LeftBehind[]> {
  return withOwnConnection(target, clock, signal, END_LEFT_MS, async (own) => {
    const left = (await backends(own)).filter((backend) => isLeftBehind(backend.name, mark));
    if (left.length === 0) return [];
    const began = clock.monotonic();
    for (const backend of left) await own.ask(terminating(backend));
    let rest: readonly Backend[] = left;
    const keyOf = ({ pid, began: since }: Backend): string => `${pid} ${since}`;
    while (rest.length > 0 && clock.monotonic() - began < GONE_WITHIN_MS) {
      await new Promise<void>((resolve) => void clock.schedule(LOOK_EVERY_MS, resolve));
      const now = new Set((await backends(own)).map(keyOf));
      rest = rest.filter((backend) => now.has(keyOf(backend)));
    }
    return left.map((backend) => ({
      grant: readSessionName(backend.name)?.grant ?? "",
      what: backend.name,
      process: `${target.host}:${target.port}/${keyOf(backend)}`,
      wasRunning: backend.state.startsWith("active") || backend.state.startsWith("fastpath"),
      confirmed: !rest.includes(backend),
    }));
  });
}
