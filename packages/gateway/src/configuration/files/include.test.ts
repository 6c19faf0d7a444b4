import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Secret } from "../../kernel/secret.ts";
import { formatProblems } from "../problems.ts";
import { loadConfiguration } from "../load.ts";
import { good, goodEnvironment } from "../testing/good.ts";
import { testProtocol } from "../testing/protocol.ts";
import type { Configuration } from "../types.ts";
import { readPattern } from "./patterns.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mayfly-include-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A connection of a team's, and who may use it. */
const team = (name: string): string => `connections:
  ${name}:
    postgres: { host: ${name}.internal, database: shop, user: mayfly }
    operations:
      read: { statements: [select], tables: { public.t: all } }
policies:
  - { name: "${name}: bots read", groups: [bots], connection: ${name}, operations: [read], ttl: 5m }
`;

const include = (list: string): string => `${good}include: ${list}\n`;

async function load(files: Readonly<Record<string, string>>): ReturnType<typeof loadConfiguration> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return loadConfiguration(join(folder, "mayfly.yaml"), [testProtocol], goodEnvironment);
}

async function loaded(files: Readonly<Record<string, string>>): Promise<Configuration> {
  const result = await load(files);
  if (!result.ok) throw new Error(formatProblems(result.problems));
  return result.configuration;
}

/** Every problem, with places below the folder. */
async function problems(files: Readonly<Record<string, string>> = {}): Promise<readonly string[]> {
  const result = await load(files);
  if (result.ok) return [];
  return result.problems.map(({ file, line, column, message }) =>
    `${file}:${line}:${column}: ${message}`.replaceAll(`${folder}/`, ""),
  );
}

describe("included files", () => {
  test("add their connections and policies, in the order of their names", async () => {
    const configuration = await loaded({
      "mayfly.yaml": include("[conf.d/*.yaml, more/one.yml]"),
      "conf.d/20-b.yaml": team("b-db"),
      "conf.d/10-a.yaml": team("a-db"),
      "more/one.yml": team("c-db"),
      "more/other.yml": team("d-db"),
      "conf.d/.20-b.yaml.swp.yaml": "half a",
      "conf.d/README.md": "not read",
    });
    expect([...configuration.connections.keys()]).toEqual(["orders-db", "a-db", "b-db", "c-db"]);
    expect(configuration.policies.map(({ name }) => name).slice(3)).toEqual([
      "a-db: bots read",
      "b-db: bots read",
      "c-db: bots read",
    ]);
    expect(configuration.files.map((file) => file.slice(folder.length))).toEqual([
      "/mayfly.yaml",
      "/conf.d",
      "/more",
      "/conf.d/10-a.yaml",
      "/conf.d/20-b.yaml",
      "/more/one.yml",
    ]);
  });

  test("may be none: a folder without any is no error", async () => {
    await mkdir(join(folder, "conf.d"));
    const configuration = await loaded({ "mayfly.yaml": include("[conf.d/*.yaml]") });
    expect([...configuration.connections.keys()]).toEqual(["orders-db"]);
    expect(configuration.digest).toBe((await loaded({ "mayfly.yaml": good })).digest);
  });

  test("count in the digest as if they stood in the main file", async () => {
    const files = { "mayfly.yaml": include("[conf.d/*.yaml]"), "conf.d/a.yaml": team("a-db") };
    const { digest } = await loaded(files);
    const changed = await loaded({ ...files, "conf.d/a.yaml": team("a-db").replace("ttl: 5m", "ttl: 6m") });
    expect(changed.digest).not.toBe(digest);
    const inOne = good.replace(
      "policies:\n",
      `${team("a-db").split("policies:")[0]?.replace("connections:\n", "")}policies:\n`,
    );
    const last = team("a-db").split("policies:\n")[1] ?? "";
    const whole = inOne.replace("audit:", `${last}audit:`);
    expect((await loaded({ "mayfly.yaml": whole })).digest).toBe(digest);
  });

  test("name files from their own folder", async () => {
    const configuration = await loaded({
      "mayfly.yaml": include("[conf.d/*.yaml]"),
      "conf.d/a.yaml": team("a-db").replace("user: mayfly", "user: mayfly, password: { file: secrets/a }"),
      "conf.d/secrets/a": "of-the-team\n",
      "secrets/a": "of-the-platform\n",
    });
    const target = configuration.connections.get("a-db")?.target as { password: Secret } | undefined;
    expect(target?.password.reveal()).toBe("of-the-team");
  });

  test("may be links within their folder, as Kubernetes mounts a ConfigMap", async () => {
    await mkdir(join(folder, "conf.d/..2026"), { recursive: true });
    await writeFile(join(folder, "conf.d/..2026/a.yaml"), team("a-db"));
    await symlink("..2026", join(folder, "conf.d/..data"));
    await symlink("..data/a.yaml", join(folder, "conf.d/a.yaml"));
    const configuration = await loaded({ "mayfly.yaml": include("[conf.d/*.yaml]") });
    expect(configuration.connections.has("a-db")).toBe(true);
  });

  test("have problems at their own line and column, also those that others find", async () => {
    const files = {
      "mayfly.yaml": include("[conf.d/*.yaml]"),
      "conf.d/a.yaml": team("a-db").replace("statements: [select]", "statements: [selct]"),
      "conf.d/b.yaml": team("b-db").replace("operations: [read]", "operations: [raed]"),
    };
    expect(await problems(files)).toEqual([
      "conf.d/a.yaml:5:28: this must be one of select, insert, update, delete",
      "conf.d/b.yaml:7:79: b-db has no operation of this name",
    ]);
    const result = await load({ ...files, "conf.d/a.yaml": team("a-db"), "conf.d/b.yaml": team("b-db") });
    if (!result.ok) throw new Error(formatProblems(result.problems));
    expect(result.locate(["policies", 4, "ttl"])).toEqual({
      file: join(folder, "conf.d/b.yaml"),
      line: 7,
      column: 91,
    });
    expect(result.locate(["policies", 0, "name"]).file).toBe(join(folder, "mayfly.yaml"));
    expect(result.locate(["connections", "a-db", "operations"])).toMatchObject({ line: 5 });
  });

  test("have their unset secrets placed", async () => {
    await load({
      "mayfly.yaml": include("[conf.d/*.yaml]"),
      "conf.d/a.yaml": team("a-db").replace("user: mayfly", "user: mayfly, password: { env: NOT_SET_HERE }"),
    });
    const result = await loadConfiguration(
      join(folder, "mayfly.yaml"),
      [testProtocol],
      goodEnvironment,
      "named",
    );
    expect(result.ok && result.unset.map(({ file, line }) => [file, line])).toEqual([
      [join(folder, "conf.d/a.yaml"), 3],
    ]);
  });
});

describe("an included file is refused", () => {
  const main = include("[conf.d/*.yaml]");

  test.each([
    [
      "identity",
      "identity: { roles: { operator: [everybody] } }\n",
      "1:1: identity stands in the main file alone",
    ],
    ["listen", `listen: { https: "0.0.0.0:1" }\n`, "1:1: listen stands in the main file alone"],
    ["limits", "limits: { connections: 1 }\n", "1:1: limits stands in the main file alone"],
    ["others", "include: [b.yaml]\n", "1:1: an included file includes no others"],
    ["what is unknown", "conections: {}\n", "1:1: conections is not known here"],
    ["a list", "- a\n", "1:1: an included file is a mapping with connections or policies"],
    [
      "connections that are a list",
      "connections: []\n",
      "1:14: this must be a mapping of names to connections",
    ],
    ["policies that are a mapping", "policies: {}\n", "1:11: this must be a list of policies"],
    ["no YAML", "connections: {\n", "1:15: the indentation does not fit the lines around it"],
    ["nothing", "# empty\n", "1:1: the configuration is empty"],
    [
      "a last line without an end",
      team("a-db").trimEnd(),
      "7:95: the last line has no end: the file may be cut short",
    ],
  ])("when it holds %s", async (_, text, problem) => {
    const said = await problems({ "mayfly.yaml": main, "conf.d/a.yaml": text });
    expect(said).toEqual([`conf.d/a.yaml:${problem}`]);
  });

  test("when it names a connection that another file has", async () => {
    const files = {
      "mayfly.yaml": main,
      "conf.d/a.yaml": team("a-db"),
      "conf.d/b.yaml": team("a-db").replace("a-db: b", "b: b"),
    };
    expect(await problems(files)).toEqual([
      "conf.d/b.yaml:2:3: conf.d/a.yaml has a connection of this name",
      "conf.d/b.yaml:7:57: this connection stands in conf.d/a.yaml",
    ]);
    const ofMain = team("orders-db").replaceAll("[read]", "[read-orders]").split("policies:")[0] ?? "";
    expect(await problems({ ...files, "conf.d/b.yaml": ofMain })).toEqual([
      "conf.d/b.yaml:2:3: mayfly.yaml has a connection of this name",
    ]);
  });

  test("when its policy is about another file's connection", async () => {
    const stolen = `${team("a-db")}  - { name: mine, groups: [bots], connection: orders-db, operations: [read-orders], ttl: 5m }\n`;
    expect(await problems({ "mayfly.yaml": main, "conf.d/a.yaml": stolen })).toEqual([
      "conf.d/a.yaml:8:47: this connection stands in mayfly.yaml",
    ]);
  });

  test("when its policy has the name of another", async () => {
    const same = team("a-db").replace("a-db: bots read", "support agents read orders");
    expect(await problems({ "mayfly.yaml": main, "conf.d/a.yaml": same })).toEqual([
      "conf.d/a.yaml:7:13: another policy has this name already",
    ]);
  });

  test("when it is too large", async () => {
    const text = `${team("a-db")}# ${"x".repeat(524_288)}\n`;
    expect(await problems({ "mayfly.yaml": main, "conf.d/a.yaml": text })).toEqual([
      "conf.d/a.yaml:1:1: the file is larger than 524288 bytes",
    ]);
  });

  test("when it is a folder, or cannot be read", async () => {
    await mkdir(join(folder, "conf.d/a.yaml"), { recursive: true });
    expect(await problems({ "mayfly.yaml": main })).toEqual([
      "conf.d/a.yaml:1:1: this is a folder, not a file",
    ]);
    await rm(join(folder, "conf.d/a.yaml"), { recursive: true });
    await load({ "mayfly.yaml": main, "conf.d/a.yaml": team("a-db") });
    await chmod(join(folder, "conf.d/a.yaml"), 0);
    // Root may read everything.
    const expected = process.getuid?.() === 0 ? [] : ["conf.d/a.yaml:1:1: the file may not be read"];
    expect(await problems()).toEqual(expected);
  });
});

describe("include", () => {
  const line = good.split("\n").length;

  test.each([
    ["../other/*.yaml", "an included file is below the folder of this one"],
    ["conf.d/../../etc/*.yaml", "an included file is below the folder of this one"],
    ["/etc/mayfly/*.yaml", "an included file is below the folder of this one"],
    ["conf.d//a.yaml", "this is not a path of included files"],
    ["./conf.d/a.yaml", "this is not a path of included files"],
    ["conf.d/*", "this is not a path of included files"],
    ["conf.d/*a*.yaml", "this is not a path of included files"],
    ["*/a.yaml", "this is not a path of included files"],
    ["conf.d/.a.yaml", "this is not a path of included files"],
    ["conf.d/secret.txt", "this is not a path of included files"],
    ["conf.d\\\\a.yaml", "this is not a path of included files"],
    ["https://example.com/a.yaml", "this is not a path of included files"],
    ["conf.d/a.yaml", "the folder conf.d does not exist"],
    ["a.yaml", "a.yaml does not exist"],
    ["*.yaml", "mayfly.yaml is read already"],
    ["mayfly.yaml", "mayfly.yaml is read already"],
  ])("refuses %s", async (path, message) => {
    expect(await problems({ "mayfly.yaml": include(`["${path}"]`) })).toEqual([
      `mayfly.yaml:${line}:11: ${message}`,
    ]);
  });

  test.each([
    ["a text", "conf.d/*.yaml", "this must be a list, and is a text"],
    ["nothing", "[]", "this must not be empty"],
    ["a number", "[1]", "this must be a text, and is a number"],
  ])("refuses %s in the place of its list", async (_, list, message) => {
    const said = await problems({ "mayfly.yaml": include(list) });
    expect(said).toEqual([expect.stringMatching(new RegExp(`^mayfly.yaml:${line}:1[01]: ${message}$`))]);
  });

  test("refuses a file that two of its lines name, or two links", async () => {
    const files = { "conf.d/a.yaml": team("a-db") };
    expect(await problems({ ...files, "mayfly.yaml": include("[conf.d/*.yaml, conf.d/a.yaml]") })).toEqual([
      `mayfly.yaml:${line}:26: conf.d/a.yaml is read already`,
    ]);
    await symlink("a.yaml", join(folder, "conf.d/b.yaml"));
    expect(await problems({ "mayfly.yaml": include("[conf.d/*.yaml]") })).toEqual([
      `mayfly.yaml:${line}:11: conf.d/b.yaml is read already`,
    ]);
  });

  test("refuses links that lead out of the folder, nowhere, or in a circle", async () => {
    await load({ "mayfly.yaml": include("[conf.d/*.yaml]"), "secret/a.yaml": team("a-db") });
    await mkdir(join(folder, "conf.d"));
    const link = join(folder, "conf.d/a.yaml");
    const place = `mayfly.yaml:${line}:11: conf.d`;
    for (const [target, problem] of [
      ["../secret/a.yaml", "/a.yaml: a symbolic link leads out of its folder"],
      ["../mayfly.yaml", "/a.yaml: a symbolic link leads out of its folder"],
      ["/etc/hostname", "/a.yaml: a symbolic link leads out of its folder"],
      ["nowhere.yaml", "/a.yaml cannot be followed: its symbolic link leads nowhere, or in a circle"],
      ["a.yaml", "/a.yaml cannot be followed: its symbolic link leads nowhere, or in a circle"],
    ] as const) {
      await symlink(target, link);
      expect([target, await problems()]).toEqual([target, [place + problem]]);
      await rm(link);
    }
    await rm(join(folder, "conf.d"), { recursive: true });
    await symlink(tmpdir(), join(folder, "conf.d"));
    expect(await problems()).toEqual([`${place}: a symbolic link leads out of its folder`]);
  });

  test("refuses a pipe, which reading might never end", async () => {
    const { spawnSync } = await import("node:child_process");
    await mkdir(join(folder, "conf.d"));
    expect(spawnSync("mkfifo", [join(folder, "conf.d/a.yaml")]).status).toBe(0);
    expect(await problems({ "mayfly.yaml": include("[conf.d/*.yaml]") })).toEqual([
      "conf.d/a.yaml:1:1: this is not a regular file",
    ]);
  });

  test("refuses more files than it bears", async () => {
    const files = Object.fromEntries(
      Array.from({ length: 501 }, (_, index) => [`conf.d/${index}.yaml`, "policies: []\n"]),
    );
    expect(await problems({ ...files, "mayfly.yaml": include("[conf.d/*.yaml]") })).toEqual([
      `mayfly.yaml:${line}:1: these are more than 500 files`,
    ]);
  });

  test("one star stands for any part of a name", () => {
    const pattern = readPattern("conf.d/team-*.yaml");
    if ("problem" in pattern) throw new Error(pattern.problem);
    expect(
      [
        "team-a.yaml",
        "team-.yaml",
        "team.yaml",
        "xteam-a.yaml",
        "team-a.yml",
        "team-a.yamlx",
        ".team-a.yaml",
      ].filter((name) => pattern.matches(name)),
    ).toEqual(["team-a.yaml", "team-.yaml"]);
  });
});
