import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { formatProblems } from "../../configuration/problems.ts";
import { load } from "../load.ts";
import { protocols } from "../protocols.ts";
import { readAgent, readDatabase, type Answers } from "./answers.ts";
import { passwordFile, render } from "./render.ts";

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(path.join(tmpdir(), "mayfly-init-"))));
afterAll(() => rm(folder, { recursive: true }));

const least: Answers = {
  url: "https://mayfly.internal:8443",
  issuer: "https://example.okta.com/oauth2/aus4x2kq",
  audience: "api://mayfly",
  data: "data",
  postgresPort: 6432,
  group: "support-agents",
};

const database = (url: string, name?: string): NonNullable<Answers["connection"]> =>
  readDatabase(url, name, ["public.orders"]);

describe("what init writes loads", () => {
  test.each<[string, Answers]>([
    ["with nothing but an issuer", least],
    ["with an agent", { ...least, agent: { id: "0oa1", name: "support-bot" } }],
    ["with an agent whose id looks like a number", { ...least, agent: { id: "1e5", name: "0x10" } }],
    ["with a database", { ...least, connection: database("postgres://mayfly@db.internal/shop") }],
    [
      "with a database on this machine",
      { ...least, connection: database("postgres://m@[::1]:5433/shop?sslmode=disable") },
    ],
    [
      "with names that YAML reads otherwise",
      {
        ...least,
        group: "yes",
        audience: "api: # mayfly",
        connection: database("postgres://null@127.0.0.1/true", "no"),
      },
    ],
    ["with a group of several words", { ...least, group: 'the "best" agents: all' }],
    ["with an issuer for trying out", { ...least, issuer: "http://127.0.0.1:4000/oauth2/a" }],
    ["with folders elsewhere", { ...least, data: "/var/lib/mayfly" }],
  ])("%s", async (_, answers) => {
    const file = path.join(folder, "mayfly.yaml");
    await writeFile(file, render(answers));
    const loaded = await load(file, protocols, {}, "named");
    if (!loaded.ok) throw new Error(formatProblems(loaded.problems));
    const { url, identity, connections, policies, listen, dataFolder } = loaded.configuration;
    expect(url).toBe(answers.url);
    expect(listen.ports.get("postgres")?.port).toBe(answers.postgresPort);
    expect(dataFolder).toBe(path.resolve(folder, answers.data));
    expect(identity.agents[0]).toMatchObject({
      issuer: answers.issuer,
      audiences: [answers.audience, answers.url],
    });
    expect([...(identity.agents[0]?.directory.keys() ?? [])]).toEqual(
      answers.agent === undefined ? [] : [answers.agent.id],
    );
    const wanted = answers.connection === undefined ? [] : [answers.connection];
    const targets = wanted.map(({ host, port, user, tls, database: name }) => ({
      target: { host, port, user, tls, database: name },
    }));
    expect([...connections.values()]).toMatchObject(targets);
    expect(policies).toMatchObject(wanted.map(({ name }) => ({ groups: [answers.group], connection: name })));
    expect(loaded.unset.map(({ message }) => message)).toEqual(wanted.map(() => "the file does not exist"));
    for (const connection of wanted) expect(render(answers)).toContain(passwordFile(connection));
  });

  test("what it only shows as a comment is good as well", async () => {
    const shown = render(least)
      .replaceAll(/^(\s*)# (include|tls):.*\n/gm, "")
      .replaceAll(
        /^( *)# ?((?:people|  oidc|directory|  0oa\w+|signals|connections|  orders-db|    postgres|    operations|      read|policies|  - \{).*)$/gm,
        "$1$2",
      )
      .replaceAll(/^#$/gm, "");
    expect(shown).toMatch(/^policies:\n {2}- \{/m);
    const file = path.join(folder, "shown.yaml");
    await writeFile(file, shown);
    const loaded = await load(file, protocols, {}, "named");
    expect(loaded.ok ? [] : loaded.problems).toEqual([]);
  });
});

describe("answers that cannot be used", () => {
  test.each([
    ["mysql://m@db/shop", undefined, "a database is written postgres://"],
    ["postgres://db.internal/shop", undefined, "a database is written postgres://"],
    ["postgres://m@db.internal", undefined, "a database is written postgres://"],
    ["db.internal", undefined, "a database is written postgres://"],
    ["postgres://m@db/shop?sslmode=prefer", undefined, "sslmode is verify-full, require or disable"],
    ["postgres://m@db/shop", "Orders", "Orders is no connection's name"],
  ])("%s", (url, name, problem) => expect(() => database(url, name)).toThrow(problem));

  test("a password is refused, and not repeated", () => {
    expect(() => database("postgres://m:hunter2@db/shop")).toThrow(/^(?!.*hunter2).*without its password/);
  });

  test("a table has its schema, and there is one", () => {
    expect(() => readDatabase("postgres://m@db/shop", undefined, ["orders"])).toThrow("SCHEMA.TABLE");
    expect(() => readDatabase("postgres://m@db/shop", undefined, [])).toThrow("at least one table");
  });

  test.each(["0oa1", "=bot", "0oa1=", "0oa1=a b"])("%j is no agent", (written) => {
    expect(() => readAgent(written)).toThrow("CLIENT_ID=NAME");
  });
});
