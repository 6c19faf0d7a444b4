import type { Duplex } from "node:stream";
import { ask, secured } from "./connection.ts";
import { type Finding, TryEnded } from "./finding.ts";

// The first exchange of the frontend/backend protocol (PostgreSQL's manual, "Message Flow" and "Message Formats"): as far as
// the server's answer to a start-up message, which tells whether pg_hba.conf lets this address try at all. No password is
// ever sent.

const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
const PROTOCOL_3_0 = 0x0003_0000;

/** Whom a start-up message names. */
export interface StartUp {
  readonly user: string;
  /** Left out: for replication, which reads every database (the manual's "Streaming Replication Protocol"). */
  readonly database?: string;
}

function startUpMessage({ database, user }: StartUp): Buffer {
  const what = database === undefined ? ["replication", "true"] : ["database", database];
  const body = Buffer.from(["user", user, ...what, "application_name", "mayfly probe", "", ""].join("\0"));
  const head = Buffer.alloc(8);
  head.writeInt32BE(body.length + 8, 0);
  head.writeInt32BE(PROTOCOL_3_0, 4);
  return Buffer.concat([head, body]);
}

interface Message {
  readonly type: string;
  readonly body: Buffer;
}

/** What may come first: notices and the version's negotiation are passed by. */
const PASSED = new Set(["N", "v"]);

/** The first message that says something. @throws TryEnded when it is none of PostgreSQL's */
function readMessage(soFar: Buffer): { says: Message; length: number } | undefined {
  for (let at = 0; soFar.length >= at + 5;) {
    const type = soFar.toString("latin1", at, at + 1);
    const length = soFar.readInt32BE(at + 1);
    if (!/[RENv]/.test(type) || length < 4 || length > 32_768)
      throw new TryEnded("other", "answers, and not as PostgreSQL does");
    const end = at + 1 + length;
    if (soFar.length < end) return undefined;
    if (!PASSED.has(type)) return { says: { type, body: soFar.subarray(at + 5, end) }, length: end };
    at = end;
  }
  return undefined;
}

/** The fields of an ErrorResponse, by their letters. */
function errorFields(body: Buffer): ReadonlyMap<string, string> {
  const fields = body.toString("utf8").split("\0").filter(Boolean);
  return new Map(fields.map((field) => [field.slice(0, 1), field.slice(1)]));
}

/** Too many connections, or a server that starts or stops: it says nothing of who may come in. */
const PASSING = new Set(["53300", "57P03", "57P01", "57P02"]);

const authentications: Readonly<Record<number, string>> = {
  0: "lets this host in without any password",
  3: "asks for a password",
  5: "asks for a password (md5)",
  7: "asks for GSSAPI",
  9: "asks for SSPI",
  10: "asks for a password (SCRAM)",
};

/** What the server's answer to a start-up message says. Exported for tests. */
export function readAnswer({ type, body }: Message, { user, database }: StartUp): Finding {
  const who = `as ${user}${database === undefined ? ", for replication" : ""}`;
  if (type === "R") {
    const kind = body.length >= 4 ? body.readInt32BE(0) : -1;
    return {
      found: "answered",
      detail: `PostgreSQL ${authentications[kind] ?? "asks who it is"}, ${who}`,
    };
  }
  const fields = errorFields(body);
  const [state = "", message = "", routine = ""] = ["C", "M", "R"].map((letter) => fields.get(letter));
  if (PASSING.has(state)) return { found: "other", detail: `PostgreSQL takes nobody now (${state})` };
  // ClientAuthentication() of auth.c says this before anything else is looked at; a role that is missing or may not log in
  // is said later, to whoever is let in without a password. Whatever is not plainly this is open.
  if (state === "28000" && routine === "ClientAuthentication" && message.includes("pg_hba.conf"))
    return { found: "rejected", detail: "pg_hba.conf lets nobody in from here" };
  return { found: "answered", detail: `PostgreSQL answers ${state || "an error"}, ${who}` };
}

/** Starts a session as far as the first answer. */
async function startUp(connection: Duplex, who: StartUp, ms: number): Promise<Finding> {
  return readAnswer(await ask(connection, startUpMessage(who), readMessage, ms), who);
}

/** Asks for TLS: the connection with it, or undefined where the server has none. */
async function requestTls(
  connection: Duplex,
  name: string | undefined,
  ms: number,
): Promise<Duplex | undefined> {
  const letter = await ask(
    connection,
    SSL_REQUEST,
    (soFar) => (soFar.length === 0 ? undefined : { says: soFar.toString("latin1", 0, 1), length: 1 }),
    ms,
  );
  if (letter === "S") return secured(connection, name, ms);
  if (letter === "N") return undefined;
  throw new TryEnded("other", "answers, and not as PostgreSQL does");
}

/** How a database is tried. */
export interface PostgresTry {
  /** Opens a connection to it. @throws TryEnded */
  readonly open: () => Promise<Duplex>;
  /** The host's name, where it has one. */
  readonly name: string | undefined;
  /** Roles and databases, since pg_hba.conf may let in one and no other. */
  readonly logins: readonly StartUp[];
  readonly ms: number;
}

/**
 * Tries each login with TLS and without: open as soon as one is let as far as a password, or further.
 * @throws TryEnded when there is no connection, or no answer of PostgreSQL's
 */
export async function tryPostgres({ open, name, logins, ms }: PostgresTry): Promise<Finding> {
  let doubt: Finding | undefined;
  let hasTls = true;
  let wasTaken = false;
  for (const isSecure of [true, false])
    for (const login of logins) {
      if (isSecure && !hasTls) continue;
      let connection: Duplex;
      try {
        connection = await open();
      } catch (error) {
        // What took a connection before is there, whatever keeps this one away.
        if (wasTaken) return { found: "other", detail: "takes connections, and then none" };
        throw error;
      }
      wasTaken = true;
      try {
        const over = isSecure ? await requestTls(connection, name, ms) : connection;
        hasTls = over !== undefined;
        if (over === undefined) continue;
        const finding = await startUp(over, login, ms);
        if (finding.found === "answered") return finding;
        if (finding.found !== "rejected") doubt = finding;
      } finally {
        connection.destroy();
      }
    }
  const users = [...new Set(logins.map(({ user }) => user))];
  return (
    doubt ?? {
      found: "rejected",
      detail: `pg_hba.conf lets nobody in from here: ${users.join(", ")} were tried`,
    }
  );
}
