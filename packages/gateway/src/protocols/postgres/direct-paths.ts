import type { ClosingFile, ClosingQuestion, DirectPaths, MissingFile } from "../../gate/direct-paths.ts";
import { shellQuote } from "../../kernel/shell-quote.ts";
import { admittedBy, type Closed, hbaLines } from "./hba.ts";
import type { Target } from "./target.ts";

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** A literal that reads the same whatever `standard_conforming_strings` says. */
const text = (value: string): string =>
  value.includes("\\") ? `E${literal(value.replaceAll("\\", "\\\\"))}` : literal(value);

/** Whether the lines that close the ways to one target are about the sessions of another one too. */
const isConcerned = (one: Target, other: Target): boolean =>
  one.host.toLowerCase() === other.host.toLowerCase() &&
  one.port === other.port &&
  (one.database === other.database || one.user === other.user);

/** The ways to a database beside the gateway, and the lines of pg_hba.conf that close them. */
export function directPathsOf(target: Target, question: ClosingQuestion): DirectPaths {
  return {
    endpoints: [{ host: target.host, port: target.port }],
    isShared: false,
    files: [hbaFile(target, question)],
    byHand: [
      `give the role ${target.user} a password that nobody else had, and put it where only the gateway reads it: closed paths keep out whoever comes from elsewhere, not whoever can log in from the gateway's host`,
      "a managed database has no pg_hba.conf: allow the gateway's addresses alone in its firewall or security group, take CONNECT on the database from PUBLIC, and drop the roles that agents had",
      "a pooler or proxy at the server makes everybody come from its address: put it between Mayfly and the database, or close it too",
      "superusers of the same server, and whoever may write its files, pass every line of pg_hba.conf by changing it",
    ],
  };
}

function hbaFile(target: Target, question: ClosingQuestion): ClosingFile | MissingFile {
  const name = "pg_hba";
  const { connection, gateways, kept, targets } = question;
  if (gateways.length === 0)
    return { name, why: "it lets in the gateway's addresses alone: give --gateway ADDRESS" };
  const others = new Map(
    ([...targets] as (readonly [string, Target])[]).filter(
      ([other, its]) => other !== connection && isConcerned(target, its),
    ),
  );
  const closed = { connection, target, others, gateways, kept };
  // The server's own account logs in to a database that these lines do not close.
  const login = `psql -p ${target.port} -d ${target.database === "postgres" ? "template1" : "postgres"}`;
  const psql = (sql: string): string => `${login} -c ${shellQuote(sql)}`;
  const mark = `mayfly ${connection}`;
  const without = `sed '/^# BEGIN ${mark}$/,/^# END ${mark}$/d' "$hba"`;
  const find = `hba=$(${login} -Atc 'show hba_file')`;
  const reload = "select pg_reload_conf()";
  return {
    name,
    place: "pg_hba.conf of the database's server, before every other line: the first that matches decides",
    content: [`# BEGIN ${mark}`, ...hbaLines(closed), `# END ${mark}`, ""].join("\n"),
    notes: notesOn(closed),
    apply: [
      `# as the server's own account (postgres), with FILE beside you`,
      find,
      `{ cat FILE; ${without}; } > "$hba.new" && cat "$hba.new" > "$hba" && rm "$hba.new"`,
      `# no rows, or the server keeps what it had:`,
      psql("select line_number, error from pg_hba_file_rules where error is not null"),
      `# what is logged in already would stay, so it is ended once the lines are read:`,
      `${login} <<'SQL'`,
      `${reload};`,
      "select pg_sleep(1);",
      ...endOthers(closed),
      "SQL",
    ],
    check: [
      psql("select type, database, user_name, address, netmask, auth_method from pg_hba_file_rules limit 20"),
      `# from an agent's host; it must say "pg_hba.conf rejects connection":`,
      `psql ${shellQuote(`host=${conninfo(target.host)} port=${target.port} dbname=${conninfo(target.database)} user=${conninfo(target.user)}`)}`,
    ],
    takeBack: [find, `${without} > "$hba.new" && cat "$hba.new" > "$hba" && rm "$hba.new"`, psql(reload)],
  };
}

/** A value of a connection string (libpq, "Keyword/Value Connection Strings"). */
const conninfo = (value: string): string =>
  /^[\w.:-]+$/.test(value) ? value : `'${value.replaceAll(/['\\]/g, String.raw`\$&`)}'`;

function notesOn({ target, others, gateways, kept }: Closed): readonly string[] {
  const local = gateways.some((each) => each.startsWith("127.") || each === "::1/128");
  return [
    "the server must have the role's password as SCRAM-SHA-256 (password_encryption): an MD5 one is refused by these lines",
    ...(target.password === undefined
      ? [
          "the connection has no password and these lines ask for one: set `password` first, or the gateway is locked out too",
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
    kept.length === 0
      ? `nobody but the gateway logs in to ${target.database} then, not even its administrator over the server's socket: --keep postgres keeps that one, --keep ROLE@ADDRESS one over TLS`
      : `kept beside the gateway: ${kept.map(({ role, from }) => (from === undefined ? `${role} over the server's socket` : `${role} from ${from} over TLS`)).join(", ")}`,
    ...(local
      ? ["everybody on the gateway's host comes from its loopback address: no agent may run there"]
      : []),
    "standbys are left as your own lines have them: whoever may use one of your replication lines reads every database",
  ];
}

/** Ends the sessions that the lines would not let in. */
function endOthers(closed: Closed): readonly string[] {
  const { database, user } = closed.target;
  const admitted = admittedBy(closed).map((each) => {
    const from = each.address === undefined ? "is null" : `<<= ${text(each.address)}`;
    return `(datname = ${text(each.database)} and usename = ${text(each.user)} and client_addr ${from})`;
  });
  return [
    "select pg_terminate_backend(pid) from pg_stat_activity",
    "where pid <> pg_backend_pid() and backend_type in ('client backend', 'walsender')",
    `and (datname = ${text(database)} or usename = ${text(user)})`,
    // An address that is not there compares to NULL, and is not among them.
    `and (${admitted.join("\n  or ")}) is not true;`,
  ];
}
