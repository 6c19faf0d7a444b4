import { link, mkdir, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import path from "node:path";
import { formatProblems } from "../../configuration/problems.ts";
import { load } from "../load.ts";
import { protocols } from "../protocols.ts";
import { AnswerRefused, readAgent, readDatabase, type Answers } from "../init/answers.ts";
import { terminalAsker, type Asker } from "../init/ask.ts";
import { passwordFile, render } from "../init/render.ts";
import { say, tell } from "../terminal.ts";

/** What the command line says; what it leaves out is asked for on a terminal. */
export interface InitOptions {
  readonly url?: string;
  readonly issuer?: string;
  readonly audience: string;
  readonly data: string;
  readonly postgresPort: string;
  readonly agent?: string;
  readonly group?: string;
  readonly database?: string;
  readonly connection?: string;
  readonly table: readonly string[];
}

/**
 * `mayflyd init [FILE]`: writes a first configuration, checked before it is there. It never replaces a file.
 * @returns the exit code: 0 written, 1 refused, 2 when answers are missing and nobody can be asked
 */
export async function init(file: string, options: InitOptions): Promise<number> {
  const asker = terminalAsker();
  try {
    const answers = await complete(options, asker);
    if (answers === undefined) {
      tell("mayflyd: --issuer is missing, and there is no terminal to ask on");
      tell("hint: mayflyd init --issuer https://example.okta.com/oauth2/aus4x2kq");
      return 2;
    }
    return await write(file, answers);
  } catch (thrown) {
    if (!(thrown instanceof AnswerRefused)) throw thrown;
    tell(`mayflyd: ${thrown.message}`);
    return 2;
  } finally {
    asker?.close();
  }
}

/** The answers, those that the command line leaves out from whoever sits there; undefined when nobody does. */
async function complete(options: InitOptions, asker: Asker | undefined): Promise<Answers | undefined> {
  const isAsked = asker !== undefined && options.issuer === undefined;
  const ask = async (given: string | undefined, question: string, fallback?: string): Promise<string> =>
    given ?? (isAsked ? await asker.ask(question, fallback) : (fallback ?? ""));
  const url = await ask(options.url, "The gateway's URL", `https://${hostname()}:8443`);
  if (!/^https:\/\/[^/?#@]+\/?$/.test(url)) throw new AnswerRefused("the URL is written https://HOST:PORT");
  const postgresPort = Number(options.postgresPort);
  if (!/^\d{1,5}$/.test(options.postgresPort) || postgresPort > 65_535)
    throw new AnswerRefused("a port is a number up to 65535");
  const issuer = await ask(options.issuer, "Okta's issuer (https://example.okta.com/oauth2/aus4x2kq)");
  if (issuer === "") return undefined;
  const group = await ask(options.group, "The agents' group", "support-agents");
  const agent = await ask(options.agent, "A service app, CLIENT_ID=NAME (empty: none yet)", "");
  const database = await ask(
    options.database,
    "A database, postgres://USER@HOST/DATABASE (empty: none yet)",
    "",
  );
  let tables = options.table;
  if (database !== "" && tables.length === 0 && isAsked)
    tables = (await asker.ask("Tables to read, such as public.orders")).split(/[\s,]+/);
  return {
    url: url.replace(/\/$/, ""),
    issuer,
    audience: options.audience,
    data: options.data.replace(/(?<=.)\/+$/, ""),
    postgresPort,
    group,
    ...(agent === "" ? {} : { agent: readAgent(agent) }),
    ...(database === "" ? {} : { connection: readDatabase(database, options.connection, tables) }),
  };
}

/** Puts the file in its place once it is known to load, whole and never over another one. */
async function write(file: string, answers: Answers): Promise<number> {
  const draft = `${file}.${process.pid}.draft`;
  await mkdir(path.dirname(path.resolve(file)), { recursive: true });
  try {
    await writeFile(draft, render(answers), { flag: "wx", mode: 0o640 });
    const loaded = await load(draft, protocols, process.env, "named");
    if (!loaded.ok) {
      tell(formatProblems(loaded.problems.map((each) => ({ ...each, file }))));
      tell("mayflyd: nothing was written: these answers make no configuration");
      return 1;
    }
    const { connection } = answers;
    // What the file names lies where only this user can read it.
    if (connection !== undefined)
      await mkdir(path.join(path.dirname(file), path.dirname(passwordFile(connection))), {
        recursive: true,
        mode: 0o700,
      });
    await link(draft, file);
  } catch (thrown) {
    if (!(thrown instanceof Error && "code" in thrown && thrown.code === "EEXIST")) throw thrown;
    tell(`mayflyd: ${file} exists, and stays as it is\nhint: name another file, or remove it`);
    return 1;
  } finally {
    await rm(draft, { force: true });
  }
  say(`wrote ${file}`);
  say("\nNext:");
  const { connection } = answers;
  if (connection !== undefined) {
    const secret = path.join(path.dirname(file), passwordFile(connection));
    say(`  put the password of ${connection.user} on ${connection.host} into ${secret}`);
  }
  say(`  mayflyd check --secrets ${file}`);
  say(`  mayflyd serve --config ${file}`);
  return 0;
}
