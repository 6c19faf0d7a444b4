import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareReach } from "../../packages/gateway/src/gate/reach.ts";
import type { Verdict } from "../../packages/gateway/src/gate/protocol.ts";
import { protocols } from "../../packages/gateway/src/main/protocols.ts";
import type { HttpCover } from "../../packages/gateway/src/protocols/http/act.ts";
import type { HttpScope } from "../../packages/gateway/src/protocols/http/scope.ts";
import { targetSchema } from "../../packages/gateway/src/protocols/http/target.ts";
import { trial as httpTrial } from "../../packages/gateway/src/protocols/http/trial.ts";
import type { KubernetesCover } from "../../packages/gateway/src/protocols/kubernetes/act.ts";
import type { KubernetesScope } from "../../packages/gateway/src/protocols/kubernetes/scope.ts";
import { trial as kubernetesTrial } from "../../packages/gateway/src/protocols/kubernetes/trial.ts";
import type { McpScope } from "../../packages/gateway/src/protocols/mcp/scope.ts";
import { trial as mcpTrial } from "../../packages/gateway/src/protocols/mcp/trial.ts";
import { plainDatabase } from "../../packages/gateway/src/protocols/postgres/guard/database.ts";
import { compileScope } from "../../packages/gateway/src/protocols/postgres/guard/compile.ts";
import { nothingFound } from "../../packages/gateway/src/protocols/postgres/guard/found/found.ts";
import type { PostgresScope } from "../../packages/gateway/src/protocols/postgres/scope.ts";

// Whatever the judge lets through by one scope and not by another, `mayflyd diff` says: the judge itself is asked about all
// acts of a small world, by scopes that differ in a few members.

type Written = Record<string, unknown>;
type Lets = ReadonlySet<string>;

const isRecord = (value: unknown): value is Written =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/** The first value with some of its members, at any depth, as the second one has them or has not. */
function mixed(one: unknown, other: unknown, choices: readonly number[], at = { index: 0 }): unknown {
  const choice = choices[at.index++ % choices.length];
  if (choice === 0) return structuredClone(other);
  if (!isRecord(one) || !isRecord(other)) return structuredClone(one);
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return Object.fromEntries(
    names
      .map((name) => [name, mixed(one[name], other[name], choices, at)])
      .filter(([, value]) => value !== undefined),
  );
}

/**
 * Holds what a protocol says of pairs of scopes against what its judge lets through.
 * @param whole adds what a scope of these members cannot do without
 * @returns how many pairs were wider
 */
function hold(
  kind: string,
  scopes: fc.Arbitrary<Written>,
  letsOf: (scope: never) => Lets,
  runs: number,
  whole: (written: Written) => Written = (written) => written,
): number {
  const protocol = protocols.find((each) => each.kind === kind);
  if (protocol?.reach === undefined) throw new Error(`${kind} compares no scopes`);
  const { reach, check, scope: schema } = protocol;
  const choices = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 40, maxLength: 40 });
  let wider = 0;
  const parsed = (written: unknown): object | undefined => {
    const found = schema.safeParse(whole(written as Written));
    if (!found.success) return undefined;
    return (check?.(found.data) ?? []).length === 0 ? (found.data as object) : undefined;
  };
  fc.assert(
    fc.property(scopes, scopes, choices, (one, other, chosen) => {
      const [before, after] = [parsed(one), parsed(mixed(one, other, chosen))];
      fc.pre(before !== undefined && after !== undefined);
      const had = letsOf(before as never);
      const gained = [...letsOf(after as never)].filter((each) => !had.has(each));
      const { more } = compareReach(reach(before), reach(after));
      if (gained.length > 0) wider += 1;
      if (gained.length > 0 && more.length === 0)
        throw new Error(`not seen: ${gained.slice(0, 5).join("; ")}`);
      const { more: nothing, less } = compareReach(reach(before), reach(before));
      expect([nothing, less]).toEqual([[], []]);
    }),
    { numRuns: runs },
  );
  return wider;
}

const maybe = <Value>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(arbitrary, { nil: undefined });
const some = <Value>(...values: readonly Value[]): fc.Arbitrary<Value[]> =>
  fc.subarray([...values], { minLength: 1 });
const members = (given: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Written> =>
  fc
    .record(given)
    .map((all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)));

describe("mayflyd diff says whatever a judge lets through more", () => {
  test("of PostgreSQL", () => {
    const names = ["a.x", "a.xy", "a.y", "a.y1", "a.y2", "b.z"];
    const columns = fc.oneof(fc.constant("all"), some("id", "note", "key"));
    const flag = maybe(fc.constant(true));
    const uses = members({
      select: maybe(columns),
      insert: maybe(columns),
      update: maybe(columns),
      delete: flag,
      truncate: flag,
      refresh: flag,
      partitions: flag,
      where: maybe(some("id", "note", "key")),
    });
    const scopes = members({
      statements: fc.oneof(
        { weight: 3, arbitrary: fc.constant(["select", "insert", "update", "delete"]) },
        { weight: 3, arbitrary: some("select", "insert", "update", "delete", "copy_to") },
      ),
      tables: fc.dictionary(
        fc.constantFrom(...names, "a.*", "a.x*", "a.y*", "b.*"),
        fc.oneof(columns, uses),
        { maxKeys: 4, noNullPrototype: true },
      ),
      except: maybe(some("a.x", "a.xy", "a.y*", "b.z", "a.view")),
      functions: maybe(some("a.f", "a.fg", "a.*", "a.f*")),
      procedures: maybe(some("a.p", "a.pq", "a.*", "a.p*")),
      channels: maybe(some("a*", "ab")),
      settings: maybe(some("app.a", "app.b")),
      timeout: maybe(fc.constantFrom("1s", "2s")),
      mask: maybe(
        fc.dictionary(fc.constantFrom("id", "note", "key"), fc.constantFrom("redact", "email"), {
          maxKeys: 2,
          noNullPrototype: true,
        }),
      ),
      require_where: maybe(fc.boolean()),
      temporary_tables: maybe(fc.boolean()),
      catalog: maybe(fc.constantFrom(true, false, "granted")),
    });
    // Kinds that need a list, or a table that says so.
    const whole = (written: Written): Written => {
      const says = (use: string): boolean =>
        Object.values(Object(written["tables"])).some((table) => isRecord(table) && table[use] === true);
      const further = [
        ...["truncate", "refresh"].filter(says),
        ...("procedures" in written ? ["call"] : []),
        ...("channels" in written ? ["listen"] : []),
      ];
      const patterns = [written["tables"], written["functions"], written["procedures"]];
      const { except, mask, ...rest } = written;
      return {
        ...rest,
        mask: masksOf(Object(written["tables"]), Object(mask)),
        ...(JSON.stringify(patterns).includes("*") && except !== undefined ? { except } : {}),
        statements: [...(written["statements"] as string[]), ...further],
      };
    };
    /** Of columns those that can be masked, by their full names: tables list them by themselves, for reading alone. */
    const masksOf = (tables: Written, mask: Written): Written =>
      Object.fromEntries(
        Object.entries(tables).flatMap(([name, table]) => {
          if (!isRecord(table) || name.includes("*") || table["partitions"] === true) return [];
          const says = (use: string, column: string): boolean => {
            const listed = table[use];
            return Array.isArray(listed) && listed.includes(column);
          };
          const isWritten = (column: string): boolean =>
            ["insert", "update", "where"].some((use) => table[use] === "all" || says(use, column));
          return Object.entries(mask)
            .filter(([column]) => says("select", column) && !isWritten(column))
            .map(([column, method]) => [`${name}.${column}`, method] as const);
        }),
      );
    const found = {
      ...nothingFound,
      key: "test",
      relations: new Set([...names, "a.view"]),
      reads: new Map([["a.view", new Set(["a.x", "b.z"])]]),
      functions: new Set(["a.f", "a.fg", "a.h"]),
      procedures: new Set(["a.p", "a.pq", "a.r"]),
      partitions: new Map([
        ["a.y", new Set(["a.y1", "a.y2", "b.z"])],
        ["a.y1", new Set(["b.z"])],
      ]),
    };
    const letsOf = (scope: PostgresScope): Lets => {
      const compiled = compileScope("o/r", scope, ["a"], { ...plainDatabase, found });
      const lets = new Set<string>();
      const add = (what: string, given: Iterable<string>): void => {
        for (const each of given) lets.add(`${what} ${each}`);
      };
      for (const [name, grant] of compiled.tables) {
        for (const use of ["select", "insert", "update", "touch", "keys"] as const) {
          const listed = grant[use];
          // With a column that no list names.
          if (listed !== undefined)
            add(`${name} ${use}`, listed === "all" ? ["id", "note", "key", "another"] : listed);
        }
        for (const use of ["delete", "truncate", "refresh"] as const)
          if (grant[use]) lets.add(`${name} ${use}`);
        for (const column of grant.masked)
          lets.add(`${name} ${column} as ${JSON.stringify(scope.mask[`${name}.${column}`])}`);
      }
      for (const what of ["statements", "functions", "procedures", "channels", "settings"] as const)
        add(what, compiled[what]);
      for (const seconds of [1, 2, 3])
        if ((scope.timeout ?? Infinity) >= seconds * 1000) lets.add(`for ${seconds} s`);
      if (!compiled.requireWhere) lets.add("without where");
      if (scope.temporary_tables) lets.add("temporary tables");
      if (compiled.catalog) lets.add("catalogue");
      if (compiled.catalog || compiled.structure !== undefined) lets.add("structure");
      return lets;
    };
    expect(hold("postgres", scopes, letsOf, 2500, whole)).toBeGreaterThan(250);
  });

  /** What a trial lets through of some texts. */
  function permitted<Cover>(
    judge: (text: string) => Verdict<Cover>,
    texts: readonly string[],
    further: (cover: Cover) => readonly string[],
  ): Lets {
    const lets = new Set<string>();
    for (const text of texts) {
      const verdict = judge(text);
      if (verdict.kind !== "permit") continue;
      lets.add(text);
      for (const each of further(verdict.cover)) lets.add(`${text}: ${each}`);
      for (const calls of [1, 2, 3]) if ((verdict.budget ?? Infinity) >= calls) lets.add(`${calls} calls`);
    }
    return lets;
  }

  test("of HTTP", () => {
    const scopes = members({
      requests: some("GET /a/{id}", "GET /a/1", "POST /a", "GET /b/**"),
      query: maybe(
        fc.oneof(
          fc.subarray(["q", "z"]),
          members({ q: maybe(fc.constantFrom("[0-9]+", "x")), z: maybe(fc.constant("1")) }),
        ),
      ),
      headers: maybe(some("X-A", "X-B")),
      body: maybe(
        members({
          max: maybe(fc.constantFrom("4B", "1KiB")),
          types: maybe(some("application/json", "text/plain")),
        }),
      ),
      response: maybe(
        members({
          mask: maybe(some("/iban", "/email")),
          drop_headers: maybe(some("x-secret", "etag")),
          max: maybe(fc.constantFrom("1KiB", "2KiB")),
        }),
      ),
      budget: maybe(fc.constantFrom(1, 2)),
      websocket: maybe(fc.boolean()),
    });
    const post = (type: string, body: string): string =>
      `POST /a HTTP/1.1\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const acts = [
      ...["/a/1", "/a/2", "/b/c/d", "/a/1?q=1", "/a/1?q=x", "/a/1?q=7", "/a/2?z=1", "/a/2?w=1"].map(
        (target) => `GET ${target} HTTP/1.1\r\n\r\n`,
      ),
      "GET /a/1 HTTP/1.1\r\nX-A: 1\r\n\r\n",
      "GET /a/1 HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
      post("application/json", "{}"),
      post("application/json", '{"a":1}'),
      post("text/plain", "a"),
      post("text/plain", "abcdef"),
      "POST /a HTTP/1.1\r\n\r\n",
    ];
    const shownBy = ({ scope, headers }: HttpCover): readonly string[] => [
      ...headers.names.map((name) => `sends ${name}`),
      ...["etag", "x-secret"].filter((name) => !scope.dropHeaders.has(name)),
      ...["iban", "email"].filter((name) => scope.mask?.place?.step(name)?.isMasked !== true),
      ...[1, 2, 3]
        .filter((size) => (scope.maxAnswer ?? Infinity) >= size * 1024)
        .map((size) => `${size} KiB`),
    ];
    const target = targetSchema.parse({ url: "https://api.example" });
    const letsOf = (scope: HttpScope): Lets =>
      permitted(httpTrial([{ name: "o/r", scope }], target), acts, shownBy);
    expect(hold("http", scopes, letsOf, 2000)).toBeGreaterThan(200);
  });

  test("of Kubernetes", () => {
    const namespaces = some("a", "b");
    const byPods = fc.oneof(
      members({ pods: fc.constantFrom({ app: "x" }, { app: "x", tier: "y" }, { tier: "y" }) }),
      members({ names: some("x", "y*", "*") }),
    );
    const withPods = (further: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Written> =>
      fc.tuple(byPods, members({ namespaces, ...further })).map(([pods, rest]) => ({ ...pods, ...rest }));
    const scopes = members({
      resources: maybe(some("pods", "secrets", "nodes", "pods/log")),
      verbs: maybe(some("get", "list", "create", "delete")),
      namespaces: maybe(namespaces),
      names: maybe(some("x", "y*")),
      cluster: maybe(fc.boolean()),
      mask: maybe(members({ secrets: some("data", "stringData") })),
      service_accounts: maybe(some("deployer", "d*")),
      exec: maybe(
        withPods({
          containers: maybe(some("app", "side")),
          commands: some(["ls"], ["ls", "*"], ["ps"]),
          stdin: maybe(fc.boolean()),
          terminal: maybe(fc.boolean()),
        }),
      ),
      port_forward: maybe(withPods({ ports: some(80, 443) })),
    });
    const objects = ["a", "b"].flatMap((namespace) => [
      ...["pods", "pods/x", "pods/y1", "pods/x/log", "secrets", "secrets/x"].map(
        (rest) => `GET /api/v1/namespaces/${namespace}/${rest}`,
      ),
      `DELETE /api/v1/namespaces/${namespace}/pods/x`,
      ...["", "deployer", "dx"].map((account) => {
        const spec = {
          containers: [{ name: "c", image: "i" }],
          ...(account === "" ? {} : { serviceAccountName: account }),
        };
        const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "x", namespace }, spec };
        return `POST /api/v1/namespaces/${namespace}/pods\nContent-Type: application/json\n\n${JSON.stringify(pod)}`;
      }),
      ...["x", "y1", "w"].flatMap((pod) =>
        ["app=x", "tier=y", "app=x,tier=y"].flatMap((labels) => [
          ...["command=ls&container=app", "command=ls&command=-l&container=side", "command=ps&container=app"]
            .flatMap((query) => [query, `${query}&stdin=true`, `${query}&tty=true&stdin=true`])
            .map(
              (query) =>
                `POST /api/v1/namespaces/${namespace}/pods/${pod}/exec?${query}&stdout=true\nUpgrade: websocket\nPod-Labels: ${labels}`,
            ),
          `POST /api/v1/namespaces/${namespace}/pods/${pod}/portforward\nUpgrade: websocket\nPod-Labels: ${labels}`,
        ]),
      ),
    ]);
    const acts = [
      ...objects,
      "GET /api/v1/nodes",
      "GET /api/v1/nodes/x",
      "GET /api/v1/pods",
      "GET /api/v1/secrets",
    ];
    const shownBy = (cover: KubernetesCover): readonly string[] => {
      if (cover.kind === "port_forward") return cover.scope.port_forward?.ports.map(String) ?? [];
      if (cover.kind !== "resource") return [];
      const masked = cover.scope.mask[cover.request.resource] ?? [];
      return ["data", "stringData"].filter((name) => !masked.includes(name));
    };
    const letsOf = (scope: KubernetesScope): Lets =>
      permitted(kubernetesTrial([{ name: "o/r", scope }]), acts, shownBy);
    expect(hold("kubernetes", scopes, letsOf, 1000)).toBeGreaterThan(100);
  });

  test("of MCP", () => {
    const schemas = fc.constantFrom(
      {},
      { type: "object", required: ["a"] },
      { type: "object", properties: { a: { const: 1 } } },
    );
    const scopes = members({
      tools: maybe(fc.oneof(some("get", "put"), members({ get: maybe(schemas), put: maybe(schemas) }))),
      resources: maybe(some("doc://a", "doc://a*", "doc://*", "doc://b/*")),
      prompts: maybe(some("p", "q")),
      budget: maybe(fc.constantFrom(1, 2)),
    });
    const call = (method: string, params: object): string =>
      JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const acts = [
      ...["get", "put"].flatMap((name) =>
        [{}, { a: 1 }, { a: 2 }].map((given) => call("tools/call", { name, arguments: given })),
      ),
      ...["doc://a", "doc://ab", "doc://b/c", "doc://c"].map((uri) => call("resources/read", { uri })),
      ...["p", "q"].map((name) => call("prompts/get", { name })),
    ];
    const letsOf = (scope: McpScope): Lets => permitted(mcpTrial([{ name: "o/r", scope }]), acts, () => []);
    expect(hold("mcp", scopes, letsOf, 60)).toBeGreaterThan(6);
  });
});
