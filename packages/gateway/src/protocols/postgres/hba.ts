import type { KeptRole } from "../../gate/direct-paths.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { hasInvisible } from "../../kernel/invisible-characters.ts";
import type { Target } from "./target.ts";

/** A line of pg_hba.conf (PostgreSQL manual, "The pg_hba.conf File"). */
interface HbaLine {
  readonly type: "host" | "hostssl" | "hostnossl" | "local";
  readonly database: string;
  readonly user: string;
  /** Of all but `local`. */
  readonly address?: string;
  readonly method: string;
}

/** Longest name that PostgreSQL keeps, bytes (NAMEDATALEN - 1); a longer one is cut on the way in, and matches no line. */
const MAX_NAME_BYTES = 63;

/**
 * A name as pg_hba.conf takes it for itself alone: in quotes no keyword (`all`), no list, no file and no group.
 * @throws MayflyError for one that no quotes make safe
 */
export function hbaName(name: string): string {
  const cannot = (why: string, hint: string): MayflyError =>
    new MayflyError("cannot_close", `${JSON.stringify(name)} cannot stand in pg_hba.conf: ${why}`, { hint });
  if (name.startsWith("/"))
    throw cannot("from PostgreSQL 16 on a name that begins with / is a pattern", "rename it");
  if (hasInvisible(name)) throw cannot("it holds a character that is not seen", "rename it");
  if (Buffer.byteLength(name) > MAX_NAME_BYTES)
    throw cannot(`it has more than ${MAX_NAME_BYTES} bytes`, "write it as the server keeps it");
  return `"${name.replaceAll('"', '""')}"`;
}

/** Which connections a target's `tls` makes, where not those over TLS alone. */
const types: Partial<Record<Target["tls"], HbaLine["type"]>> = {
  disable: "hostnossl",
  allow: "host",
  prefer: "host",
};

/** What the lines of one connection are made of. */
export interface Closed {
  readonly connection: string;
  readonly target: Target;
  /** Other connections with the same role or database, by name: their sessions are let in too. */
  readonly others: ReadonlyMap<string, Target>;
  readonly gateways: readonly string[];
  readonly kept: readonly KeptRole[];
}

/** Who is let in: the same for the lines and for the sessions that are there already. */
export interface Admitted {
  readonly type: HbaLine["type"];
  readonly database: string;
  readonly user: string;
  /** Left out: over the server's own socket. */
  readonly address?: string;
}

/** Whether a kept role needs no TLS: nothing of it is on a network. */
export function staysOnMachine(block: string): boolean {
  return block === "127.0.0.1/32" || block === "::1/128";
}

/** Who is let in, in order. */
export function admittedBy({ target, others, gateways, kept }: Closed): readonly Admitted[] {
  const ofGateway = [target, ...others.values()].flatMap(({ database, user, tls }) =>
    gateways.map((address) => ({ type: types[tls] ?? "hostssl", database, user, address })),
  );
  const ofKept = kept.map(({ role, from }): Admitted => {
    const of = { database: target.database, user: role };
    if (from === undefined) return { type: "local", ...of };
    return { type: staysOnMachine(from) ? "host" : "hostssl", ...of, address: from };
  });
  const written = new Set<string>();
  return [...ofGateway, ...ofKept].filter((each) => {
    const key = JSON.stringify(each);
    return !written.has(key) && written.add(key);
  });
}

/** The lines, each with its columns in place. First match wins, so they stand before every other line. */
export function hbaLines(closed: Closed): readonly string[] {
  const { target } = closed;
  const [user, database] = [hbaName(target.user), hbaName(target.database)];
  const lines: readonly HbaLine[] = [
    ...admittedBy(closed).map((each): HbaLine => {
      const names = { database: hbaName(each.database), user: hbaName(each.user) };
      return each.address === undefined
        ? { type: "local", ...names, method: "peer" }
        : { type: each.type, ...names, address: each.address, method: "scram-sha-256" };
    }),
    // The gateway's role logs in to nothing else and from nowhere else. `all` is every database, and not replication.
    { type: "host", database: "all,replication", user, address: "all", method: "reject" },
    { type: "local", database: "all,replication", user, method: "reject" },
    { type: "host", database, user: "all", address: "all", method: "reject" },
    { type: "local", database, user: "all", method: "reject" },
  ];
  const columns = ["type", "database", "user", "address"] as const;
  const widths = columns.map((column) => Math.max(...lines.map((line) => (line[column] ?? "").length)));
  return lines.map((line) =>
    [...columns.map((column, at) => (line[column] ?? "").padEnd(widths[at] ?? 0)), line.method].join("  "),
  );
}
