import { frame, frames } from "../../../packages/gateway/src/protocols/postgres/testing/wire.ts";
import type { Choices } from "./choices.ts";

/** What the client of one session says: random messages, many of which fit what was said before. */
export interface Talk {
  /** The next messages, up to nine turns of them. */
  pipeline(): Buffer;
  /** A number that no text or value of the session has had. */
  serial(): number;
}

type Value = string | null;

/** As long as the server keeps a name. */
const long = "n".repeat(63);
const statementNames = ["", "s", "t", long];
const namedPortals = ["p", "q", long];
/**
 * The unnamed portal is executed behind its Bind alone: a Query that fails in a transaction leaves one behind whose text is no
 * more in memory, and an Execute of it can end a server of PostgreSQL 18.4 by a segmentation fault.
 */
const portalNames = ["", ...namedPortals];
/** SQL and the protocol share their names; the longest is cut by the server. */
const sqlNames = ["s", "t", "p", "q", `${long}cut`];
/**
 * Statements and portals of FETCH and MOVE, and of an EXECUTE of them. They are never described: a Describe of a FETCH whose
 * cursor is gone ends a server of PostgreSQL 18.4 by a segmentation fault.
 */
const [fetching, fetchingPortal] = ["f", "g"];
/** Values above the length that records repeat in full. */
const large = "v".repeat(9000);
/** Of the newest texts, how many may be said again. */
const REMEMBERED = 12;

/** Makes a client that has said nothing yet. */
export function createTalk(choices: Choices): Talk {
  const { pick, chance, below } = choices;
  let numbers = 0;
  const serial = (): number => (numbers += 1);
  /** How many values each statement takes, by its name, as far as this client can tell. */
  const takes = new Map<string, number>();
  const said: string[] = [];
  const repeated: (readonly Value[])[] = [];

  const value = (): Value =>
    pick<() => Value>([
      () => `value ${serial()}`,
      () => `value ${serial()}`,
      () => "same",
      () => "",
      () => null,
      () => `it's ${serial()}, '$1 = ''x'''`,
      () => `"quoted" \\ back ${serial()}`,
      () => `naïve 雪 ${serial()}`,
      () => `two\nlines ${serial()}`,
      () => (chance(0.2) ? large : "short"),
    ])();

  /** Values for a statement; now and then too few or too many, or those of an earlier Bind. */
  const valuesFor = (statement: string): readonly Value[] => {
    const count = chance(0.95) ? (takes.get(statement) ?? 0) : below(4);
    const again = repeated.filter(({ length }) => length === count);
    if (again.length > 0 && chance(0.3)) return pick(again);
    const values = Array.from({ length: count }, value);
    repeated.push(values);
    if (repeated.length > REMEMBERED) repeated.shift();
    return values;
  };

  /** A statement that can be prepared, and gives rows. */
  const body = (): string => {
    const number = serial();
    return pick([
      `select ${number} as it`,
      `select ${number} as it from orders limit 3`,
      `select 1 / ${below(2)} as maybe, ${number}`,
      `select $1::text as it, ${number} from orders limit 3`,
      `insert into basket values ($1, $2) returning id, ${number}`,
      `insert into basket values ($1, 'note ${number}') returning id`,
      `insert into basket values ('${number}', 'it''s') returning id`,
    ]);
  };

  const prepareText = (): string => {
    const [name, what] = [pick(sqlNames), body()];
    const count = takenBy(what);
    takes.set(name.slice(0, long.length), count);
    return `prepare ${name}${count === 0 ? "" : ` (${Array(count).fill("text").join(", ")})`} as ${what}`;
  };

  const executeText = (): string => {
    const name = pick([...sqlNames, fetching]);
    const count = chance(0.9) ? (takes.get(name.slice(0, long.length)) ?? 0) : below(3);
    const values = Array.from({ length: count }, () => `'value''s ${serial()}'`);
    return `execute ${name}${count === 0 ? "" : ` (${values.join(", ")})`}`;
  };

  const fetchText = (name = pick(sqlNames)): string =>
    pick([`fetch ${name}`, `fetch all from ${name}`, `fetch forward 2 from ${name}`, `move all in ${name}`]);

  const newText = (): string => {
    const name = pick(sqlNames);
    const text = pick<() => string>([
      body,
      body,
      body,
      body,
      () => pick(["begin", "commit", "rollback", "begin", "commit and chain", "rollback and chain"]),
      () => pick(["savepoint x", "rollback to x", "release x", "savepoint x"]),
      prepareText,
      prepareText,
      executeText,
      executeText,
      () => `explain analyze ${executeText()}`,
      () => `create temporary table copied as ${executeText()}`,
      () => pick([`deallocate ${name}`, "deallocate all", "discard all"]),
      () => `declare ${name} cursor for ${body()}`,
      () => `declare ${name} cursor with hold for ${body()}`,
      fetchText,
      fetchText,
      () => pick([`close ${name}`, `close ${name}`, "close all"]),
      () => `delete from orders where id = ${serial()}`,
      () => `select * from payroll /* ${serial()} */`,
      () => "set application_name to 'fuzz'",
      () => pick(["copy basket from stdin", "copy shown from stdin", "copy (select 1, 2) to stdout"]),
      () => pick(["", `select syntax error ${serial()}`]),
    ])();
    return chance(0.15) ? `${text}; ${newText()}` : text;
  };

  /** A text, now and then one that was said before. */
  const text = (): string => {
    if (said.length > 0 && chance(0.2)) return pick(said);
    const made = newText();
    said.push(made);
    if (said.length > REMEMBERED) said.shift();
    return made;
  };

  /** The name that a text may be given by Parse, and one for a portal of it. */
  const namesFor = (what: string): readonly [string, string] =>
    /\b(?:fetch|move)\b|\bexecute f\b/.test(what)
      ? [fetching, fetchingPortal]
      : [pick(statementNames), pick(portalNames)];
  const parse = (name: string, what: string): Buffer => {
    takes.set(name, takenBy(what));
    return frames.parse(name, what);
  };
  const bind = (portal: string, statement: string): Buffer =>
    frames.bind(portal, statement, valuesFor(statement));

  /** Mostly makes a name free, so that what gives it again does not fail. */
  const freed = (kind: "S" | "P", name: string): Buffer =>
    name !== "" && chance(0.9) ? frames.close(kind, name) : nothing;
  /** Parse and Bind of one text. */
  const open = (what: string, statement: string, portal: string): Buffer =>
    Buffer.concat([
      freed("S", statement),
      freed("P", portal),
      parse(statement, what),
      bind(portal, statement),
    ]);
  /** Parse, Bind and Execute of one text, as drivers say them. */
  const run = (what: string, rows = 0): Buffer => {
    const [statement, portal] = namesFor(what);
    const goesOn = chance(0.2) ? frames.execute(portal, rows) : nothing;
    return Buffer.concat([open(what, statement, portal), frames.execute(portal, rows), goesOn]);
  };
  /** Bind and Execute of what was prepared before, a few times. */
  const runAgain = (): Buffer => {
    const [statement, portal] = [pick(statementNames), pick(portalNames)];
    return Buffer.concat(
      Array.from({ length: 1 + below(3) }, () =>
        Buffer.concat([freed("P", portal), bind(portal, statement), frames.execute(portal)]),
      ),
    );
  };

  /** A portal or a cursor that lives in a transaction, and then every way in which it may run. */
  const openAndRun = (): Buffer => {
    const [statement, portal] = [pick(statementNames), pick(namedPortals)];
    const name = chance(0.9) ? portal : pick(sqlNames);
    const what = body();
    const bound = (): Buffer => Buffer.concat([open(what, statement, portal), frames.sync]);
    const opened = pick<() => Buffer>([
      bound,
      bound,
      bound,
      () => Buffer.concat([open(what, statement, portal), frames.execute(portal, 1), frames.sync]),
      () => Buffer.concat([run(`declare ${name} cursor for ${what}`), frames.sync]),
      () => frames.query(`declare ${name} cursor for ${what}`),
    ])();
    const way = (): Buffer =>
      pick<() => Buffer>([
        () => frames.query(fetchText(name)),
        () => Buffer.concat([run(fetchText(name), below(3)), frames.sync]),
        () => Buffer.concat([run(fetchText(name), 1), frames.execute(fetchingPortal, below(2)), frames.sync]),
        () =>
          Buffer.concat([
            freed("S", fetching),
            parse(fetching, fetchText(name)),
            frames.sync,
            frames.query(`execute ${fetching}`),
          ]),
        () => Buffer.concat([frames.execute(portal, below(3)), frames.sync]),
        () => Buffer.concat([frames.execute(name.slice(0, long.length), below(3)), frames.sync]),
      ])();
    const between = chance(0.3)
      ? frames.query(pick(["savepoint x", "rollback to x", `close ${name}`]))
      : nothing;
    // A portal that is open when its transaction fails tells nothing of what it ran.
    const end = chance(0.5) ? frames.query("commit") : nothing;
    const ways = Array.from({ length: 1 + below(3) }, way);
    return Buffer.concat([frames.query("begin"), opened, between, ...ways, end]);
  };

  const turn = (): Buffer =>
    pick<() => Buffer>([
      () => frames.query(text()),
      () => frames.query(text()),
      () => frames.query(text()),
      () => frames.query(executeText()),
      () => {
        const what = text();
        return parse(namesFor(what)[0], what);
      },
      () => bind(pick(portalNames), pick([...statementNames, "p"])),
      () => frames.execute(pick([...namedPortals, fetchingPortal]), below(3)),
      () => frames.describe(pick(["S", "P"]), pick(statementNames)),
      () => frames.close(pick(["S", "P"]), pick([...statementNames, ...portalNames])),
      () => frames.sync,
      () => frames.sync,
      () => frames.flush,
      () => run(text()),
      () => run(body(), below(3)),
      () => Buffer.concat([run(body()), frames.sync]),
      runAgain,
      openAndRun,
      openAndRun,
      () => frame("d", Buffer.from("1\tone\n")),
      () => frame("c"),
    ])();

  return {
    serial,
    pipeline: () => Buffer.concat(Array.from({ length: 1 + below(9) }, turn)),
  };
}

const nothing = Buffer.alloc(0);

/** How many values a text takes. */
function takenBy(text: string): number {
  return Math.max(0, ...[...text.matchAll(/\$(\d)/g)].map(([, number]) => Number(number)));
}
