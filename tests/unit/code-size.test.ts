import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  isFunctionLikeDeclaration,
  isPropertyAssignment,
  isVariableDeclaration,
} from "typescript/unstable/ast/is";
import type { Node } from "typescript/unstable/ast";
import { API } from "typescript/unstable/sync";
import { describe, expect, test } from "vitest";
import { root } from "@mayfly/testing/gateway.ts";

// Whoever reads a file or a function should be able to hold it in mind. Those that are longer stand below with the
// length that they had: none of them may grow, and one that has become short enough is to be taken off the list.

const MAX_FILE_LINES = 250;
const MAX_FUNCTION_LINES = 120;

const longFiles: Readonly<Record<string, number>> = {
  "api/mcp/requesting.ts": 265,
  "audit/files/recovery.ts": 284,
  "audit/files/tail.ts": 301,
  "audit/open.ts": 348,
  "audit/writer.ts": 304,
  "configuration/findings.ts": 262,
  "configuration/identity.ts": 263,
  "gate/web/proxy/json-mask.ts": 335,
  "gate/web/proxy/relay.ts": 271,
  "gate/web/router.ts": 284,
  "grants/grants.ts": 329,
  "grants/service.ts": 294,
  "identity/explaining/explain-token.ts": 267,
  "identity/signals/sink.ts": 318,
  "notifications/slack/messages.ts": 286,
  "protocols/kubernetes/streams/spdy.ts": 328,
  "protocols/kubernetes/streams/upgrade.ts": 297,
  "protocols/postgres/upstream/connect.ts": 339,
  "storage/notification-store.ts": 282,
};

const longFunctions: Readonly<Record<string, number>> = {
  "audit/files/custody.ts createCustody": 163,
  "audit/files/tail.ts openTail": 155,
  "audit/open.ts openLocked": 206,
  "audit/writer.ts createWriter": 251,
  "gate/web/proxy/json-mask.ts #walk": 135,
  "gate/web/proxy/relay.ts relay": 134,
  "gate/web/proxy/response-filter.ts createAnswer": 168,
  "gate/web/router.ts createRouter": 156,
  "grants/service.ts createGrants": 203,
  "identity/create-identity.ts createIdentity": 176,
  "identity/okta-api/agent-facts.ts readAgent": 121,
  "identity/signals/sink.ts createSignalSink": 181,
  "identity/tokens/keys.ts providerKeys": 138,
  "identity/watches.ts introspectionWatches": 151,
  "notifications/notifications.ts startNotifications": 155,
  "notifications/slack/message-sync.ts startSlackMessageSync": 149,
  "notifications/webhooks/worker.ts startWebhook": 199,
  "protocols/kubernetes/streams/forward.ts forwardOverSpdy": 125,
  "protocols/postgres/login/handshake.ts performHandshake": 188,
  "protocols/postgres/relay/judging.ts createJudging": 162,
  "storage/browser-session-store.ts browserSessionStore": 153,
  "storage/notification-store.ts notificationStore": 241,
};

interface Lengths {
  readonly files: ReadonlyMap<string, number>;
  /** By file and name: `gate/create.ts createGates`. */
  readonly functions: ReadonlyMap<string, number>;
}

const linesOf = (text: string): number => text.replace(/\n$/, "").split("\n").length;

/** The name of a function: its own, or that of what it is the value of. */
function nameOf(node: Node): string {
  const named = (node as { readonly name?: Node }).name;
  if (named !== undefined) return named.getText();
  const { parent } = node;
  return isVariableDeclaration(parent) || isPropertyAssignment(parent) ? parent.name.getText() : "function";
}

/** Measures the named files of a folder, by TypeScript's own syntax trees. */
function measure(folder: string, files: readonly string[]): Lengths {
  const scratch = mkdtempSync(path.join(tmpdir(), "code-size-"));
  const project = path.join(scratch, "tsconfig.json");
  const compilerOptions = {
    noResolve: true,
    noLib: true,
    types: [],
    allowImportingTsExtensions: true,
    noEmit: true,
  };
  writeFileSync(
    project,
    JSON.stringify({ compilerOptions, files: files.map((file) => path.join(folder, file)) }),
  );
  const api = new API({ cwd: root });
  try {
    const { program } = api.updateSnapshot({ openProjects: [project] }).getProjects()[0] ?? {};
    const functions = new Map<string, number>();
    const lengths = new Map<string, number>();
    for (const file of files) {
      const source = program?.getSourceFile(path.join(folder, file));
      if (source === undefined) throw new Error(`${file} was not parsed`);
      lengths.set(file, linesOf(source.text));
      const visit = (node: Node): undefined => {
        if (isFunctionLikeDeclaration(node)) {
          const key = `${file} ${nameOf(node)}`;
          functions.set(key, Math.max(functions.get(key) ?? 0, linesOf(node.getText(source))));
        }
        node.forEachChild(visit);
        return undefined;
      };
      visit(source);
    }
    return { files: lengths, functions };
  } finally {
    api.close();
    rmSync(scratch, { recursive: true });
  }
}

/** What is too long and not listed, what has grown since it was listed, and what need not be listed any more. */
function problems(
  lengths: ReadonlyMap<string, number>,
  max: number,
  listed: Readonly<Record<string, number>>,
): readonly string[] {
  const tooLong = [...lengths].flatMap(([name, lines]) => {
    const allowed = Math.max(max, listed[name] ?? 0);
    return lines > allowed ? [`${name} has ${lines} lines, of at most ${allowed}`] : [];
  });
  const needless = Object.keys(listed).filter((name) => (lengths.get(name) ?? 0) <= max);
  return [...tooLong, ...needless.map((name) => `${name} need not be listed`)];
}

describe("the measure", () => {
  test("counts a function from its first to its last line, by its name or its variable's", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "code-size-"));
    try {
      const text = [
        "// Not counted.",
        "export function outer(): void {",
        "  const inner = (): string => {",
        '    return "a } in a string, é";',
        "  };",
        "  void { made: () => inner(), method() {",
        "  } };",
        "}",
        "",
      ].join("\n");
      writeFileSync(path.join(folder, "a.ts"), text);
      const { files, functions } = measure(folder, ["a.ts"]);
      expect(Object.fromEntries(files)).toEqual({ "a.ts": 8 });
      expect(Object.fromEntries(functions)).toEqual({
        "a.ts outer": 7,
        "a.ts inner": 3,
        "a.ts made": 1,
        "a.ts method": 2,
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("what is listed", () => {
  const lengths = new Map([
    ["short", 10],
    ["long", 13],
  ]);

  test("may be as long as it was", () => {
    expect(problems(lengths, 10, { long: 13 })).toEqual([]);
  });

  test("may not grow", () => {
    expect(problems(lengths, 10, { long: 12 })).toEqual(["long has 13 lines, of at most 12"]);
  });

  test("is all that may be too long", () => {
    expect(problems(lengths, 10, {})).toEqual(["long has 13 lines, of at most 10"]);
  });

  test("is taken off once it is short enough, or gone", () => {
    expect(problems(lengths, 10, { long: 13, short: 11, gone: 20 })).toEqual([
      "short need not be listed",
      "gone need not be listed",
    ]);
  });
});

describe("the gateway's own code", () => {
  const source = path.join(root, "packages/gateway/src");
  const written = readdirSync(source, { recursive: true, encoding: "utf8" })
    .map((file) => file.split(path.sep).join("/"))
    .filter((file) => file.endsWith(".ts") && !/\.test\.ts$|\.generated\.|(^|\/)testing\//.test(file));
  const { files, functions } = measure(source, written);

  test("is seen whole", () => {
    expect(files.size).toBeGreaterThan(300);
    expect(functions.size).toBeGreaterThan(1000);
  });

  test(`has no file above ${MAX_FILE_LINES} lines, but for those that are listed`, () => {
    expect(problems(files, MAX_FILE_LINES, longFiles)).toEqual([]);
  });

  test(`has no function above ${MAX_FUNCTION_LINES} lines, but for those that are listed`, () => {
    expect(problems(functions, MAX_FUNCTION_LINES, longFunctions)).toEqual([]);
  });
});
