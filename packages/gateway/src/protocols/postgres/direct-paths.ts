import {
  type ClosingFile,
  type ClosingQuestion,
  type DirectPaths,
  type Endpoint,
  type MissingFile,
  savedAs,
} from "../../gate/direct-paths.ts";
import { isLoopback } from "../../kernel/address-blocks.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { shellQuote } from "../../kernel/shell-quote.ts";
import { type Admitted, admittedBy, type Closed, hbaLines, staysOnMachine } from "./hba.ts";
import type { Target } from "./target.ts";

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** A literal that reads the same whatever `standard_conforming_strings` says. */
const text = (value: string): string =>
  value.includes("\\") ? `E${literal(value.replaceAll("\\", "\\\\"))}` : literal(value);

/** Other connections to the same server. */
function neighboursOf(target: Target, { connection, targets }: ClosingQuestion): ReadonlyMap<string, Target> {
  const isSame = ({ host, port }: Target): boolean =>
    host.toLowerCase() === target.host.toLowerCase() && port === target.port;
  const all = [...targets] as (readonly [string, Target])[];
  return new Map(all.filter(([name, each]) => name !== connection && isSame(each)));
}

/** Where a database is. */
export function endpointsOf({ host, port, database, user }: Target): readonly Endpoint[] {
  return [{ host, port, speaks: "postgres", database, user }];
}

/** The ways to a database beside the gateway, and the lines of pg_hba.conf that close them. */
export function directPathsOf(target: Target, question: ClosingQuestion): DirectPaths {
  return {
    endpoints: endpointsOf(target),
    isShared: false,
    neighbours: [...neighboursOf(target, question).keys()],
    files: [hbaFile(target, question)],
    byHand: [
      `give the role ${target.user} a new password, and keep it where only the gateway's account can read it`,
      "drop the roles that agents had, or take from them the ownership of the database and CREATEDB: with both, a role that logs in to another database of the server renames or copies this one, and no line is about the copy",
      "a managed database has no pg_hba.conf: let in the gateway's addresses alone by its firewall or security group, and take CONNECT on the database from PUBLIC",
      "a standby that answers queries has a pg_hba.conf and a host of its own, with the same data: close it too",
      "behind a pooler or proxy at the server everybody comes from its address: let only the gateway reach it",
      "superusers, and members of pg_write_server_files and pg_execute_server_program, can rewrite pg_hba.conf; members of pg_read_server_files read the data's files",
    ],
  };
}

function hbaFile(target: Target, question: ClosingQuestion): ClosingFile | MissingFile {
  const name = "pg_hba";
  const { connection, gateways, kept } = question;
  if (kept.some(({ role }) => role === target.user))
    throw new MayflyError("cannot_close", `${target.user} is the gateway's own role: it keeps no other way`, {
      hint: "name the roles of administrators and applications with --keep",
    });
  if (target.user === "postgres")
    return {
      name,
      why: "the gateway logs in as postgres, the server's own account, which these lines would keep from its own socket: give the gateway a role of its own first",
    };
  if (gateways.length === 0)
    return {
      name,
      why: "it lets in the gateway's addresses alone: give --gateway ADDRESS (for a gateway in Kubernetes the addresses that its connections leave the cluster with)",
    };
  // The lines are about the sessions of these too.
  const others = new Map(
    [...neighboursOf(target, question)].filter(
      ([, { database, user }]) => database === target.database || user === target.user,
    ),
  );
  const closed = { connection, target, others, gateways, kept };
  return {
    name,
    place: "pg_hba.conf of the database's server, before every other line: the first that matches decides",
    content: [`# BEGIN mayfly ${connection}`, ...hbaLines(closed), `# END mayfly ${connection}`, ""].join(
      "\n",
    ),
    notes: notesOn(closed),
    ...commandsOf(closed),
  };
}

/** A value of a connection string (libpq, "Keyword/Value Connection Strings"). */
const conninfo = (value: string): string =>
  /^[\w.:-]+$/.test(value) ? value : `'${value.replaceAll(/['\\]/g, String.raw`\$&`)}'`;

function commandsOf(closed: Closed): Pick<ClosingFile, "look" | "apply" | "check" | "takeBack"> {
  const { connection, target } = closed;
  const { host, port, database, user } = target;
  // The server's own account logs in to a database that these lines do not close.
  const login = `psql -X -p ${port} -d ${database === "postgres" ? "template1" : "postgres"}`;
  const psql = (sql: string): string => `${login} -c ${shellQuote(sql)}`;
  const errors = "select count(*) from pg_hba_file_rules where error is not null";
  const file = savedAs(connection, "pg_hba");
  const find = [`hba=$(${login} -Atc 'show hba_file')`, 'cp -p "$hba" "$hba.before-mayfly"'];
  const [begin, end] = [`# BEGIN mayfly ${connection}`, `# END mayfly ${connection}`];
  // Fails where a block lost an end, and would take other lines with it.
  const rest = `awk '$0 == "${begin}" { bad = bad || is; is = 1; next } $0 == "${end}" { bad = bad || !is; is = 0; next } !is; END { exit bad || is }' "$hba" > "$hba.rest"`;
  const back =
    '{ cat "$hba.before-mayfly" > "$hba"; echo "not applied: see pg_hba_file_rules" >&2; exit 1; }';
  const valid = `test "$(${login} -Atc ${shellQuote(errors)})" = 0 || ${back}`;
  const direct = `host=${conninfo(host)} port=${port} dbname=${conninfo(database)} user=`;
  return {
    look: [
      "# on the server, as its own account (sudo -iu postgres): who is there now. Whoever must stay needs a --keep",
      psql(
        `select usename, client_addr, application_name, count(*) from pg_stat_activity where datname = ${text(database)} group by 1, 2, 3`,
      ),
    ],
    apply: [
      "# there, with the file where that account reads it: replaces an earlier block, reloads, ends sessions that are not let in",
      "( set -euo pipefail",
      `grep -qx ${shellQuote(end)} ${file}`,
      ...find,
      rest,
      `cat ${file} "$hba.rest" > "$hba"; rm "$hba.rest"`,
      valid,
      `${login} -v ON_ERROR_STOP=1 <<'SQL'`,
      "select pg_reload_conf();",
      "select pg_sleep(1);",
      ...endOthers(closed),
      "SQL",
      ")",
    ],
    check: [
      "# the lines of the file, and whether the server has read it since",
      psql("select type, database, user_name, address, netmask, auth_method from pg_hba_file_rules limit 20"),
      psql("select pg_conf_load_time() > (pg_stat_file(current_setting('hba_file'))).modification as loaded"),
      "# roles that can pass the lines: no agent's may be among them",
      psql(passing(database)),
      "# from an agent's host, and again with each role that agents had: pg_hba.conf rejects connection",
      `psql ${shellQuote(direct + conninfo(user))}`,
    ],
    takeBack: [
      "( set -euo pipefail",
      ...find,
      rest,
      'cat "$hba.rest" > "$hba"; rm "$hba.rest"',
      psql("select pg_reload_conf()"),
      ")",
    ],
  };
}

function notesOn({ target, others, gateways, kept }: Closed): readonly string[] {
  const { database } = target;
  return [
    `it ends the sessions of everybody else in ${database}, and lets none in again: applications, migrations, monitoring and backups need a --keep each`,
    kept.length === 0
      ? `the database's administrator is locked out of ${database} too: --keep postgres keeps that role's way over the server's socket`
      : `keeps the ways of ${kept.map(({ role, from }) => (from === undefined ? `${role} over the server's socket, by peer` : `${role} from ${from}${staysOnMachine(from) ? "" : " over TLS"}, by SCRAM-SHA-256`)).join("; ")}`,
    "a password that the server keeps as MD5 (password_encryption) is refused by these lines: set it again first",
    ...(target.password === undefined
      ? [
          "the connection has no password, and these lines ask for one: set `password` first, or the gateway is locked out",
        ]
      : []),
    ...(target.tls === "disable"
      ? ["the connection's tls is disable: whoever sees the network reads what agents read"]
      : []),
    ...(target.tls === "allow" || target.tls === "prefer"
      ? [
          `the connection's tls is ${target.tls}: with require, verify-ca or verify-full the lines take TLS alone`,
        ]
      : []),
    ...(others.size > 0
      ? [
          `lets in ${[...others.keys()].join(", ")} too: connections with the same role or database. Print it again when one is added`,
        ]
      : []),
    ...(gateways.some(isLoopback)
      ? ["everybody on the gateway's host comes from its loopback address: no agent may run there"]
      : []),
    "streaming replication by other roles is as your own lines have it: whoever may use one of them reads every database",
    "where something else writes pg_hba.conf (Patroni, Ansible, an operator), put the lines there",
  ];
}

/** Roles that log in and reach the data or the lines themselves by another way, by what they are members of. */
function passing(database: string): string {
  return [
    "select rolname from pg_roles r where rolcanlogin and exists (select from pg_roles g where pg_has_role(r.oid, g.oid, 'member')",
    "and (g.rolsuper or g.rolreplication",
    "or g.rolname in ('pg_write_server_files', 'pg_execute_server_program', 'pg_read_server_files')",
    `or g.rolcreatedb and pg_has_role(r.oid, (select datdba from pg_database where datname = ${text(database)}), 'member')))`,
  ].join(" ");
}

/** Ends the sessions that the lines would not let in. */
function endOthers(closed: Closed): readonly string[] {
  const { database, user } = closed.target;
  const tls: Partial<Record<Admitted["type"], string>> = { hostssl: " and ssl", hostnossl: " and not ssl" };
  const admitted = admittedBy(closed).map((each) => {
    const from = each.address === undefined ? "is null" : `<<= ${text(each.address)}`;
    return `(datname = ${text(each.database)} and usename = ${text(each.user)} and client_addr ${from}${tls[each.type] ?? ""})`;
  });
  return [
    "select pg_terminate_backend(pid) from pg_stat_activity join pg_stat_ssl using (pid)",
    "where pid <> pg_backend_pid() and backend_type in ('client backend', 'walsender')",
    `and (datname = ${text(database)} or usename = ${text(user)})`,
    // An address that is not there compares to NULL, and is not among them.
    `and (${admitted.join("\n  or ")}) is not true;`,
  ];
}
