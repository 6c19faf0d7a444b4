import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { load, type Loaded } from "../../packages/gateway/src/main/load.ts";
import { protocols } from "../../packages/gateway/src/main/protocols.ts";
import type { Path } from "./members.ts";

/** A configuration that has loaded. */
export type Ready = Extract<Loaded, { ok: true }>;

/**
 * Loads the case's configuration.
 * @param fill what `{{NAME}}` stands for, beside `{{folder}}` and `{{node}}`: ports that are known only now, say
 * @param files texts by name, in the configuration's folder
 * @throws Refused when the configuration does not load
 */
export type Load = (
  fill?: Readonly<Record<string, string>>,
  files?: Readonly<Record<string, string>>,
) => Promise<Ready & { readonly file: string; readonly folder: string }>;

/** Does one thing under a configuration. @returns `passed`, or what refused: `RULE | words`; or what came of it */
export type Act = (load: Load) => Promise<string>;

/**
 * One member, and one act that it alone decides: the same act under two configurations that differ in nothing but the
 * member at `at`.
 */
export interface Case {
  readonly at: Path;
  /** The member's value under which the act is refused; undefined leaves it out. */
  readonly narrow: unknown;
  /** The member's value under which the act passes; undefined leaves it out. */
  readonly wide: unknown;
  /** What the refusal names: the rule, and words where a rule has several. */
  readonly refused: RegExp;
  /** What comes of it otherwise. */
  readonly passes?: RegExp;
  /** Changes the usual document for both; what only one half needs is what its value cannot stand without. */
  readonly base?: (document: Document, half: "narrow" | "wide") => void;
  readonly act: Act;
}

/** A configuration as it is written. */
// oxlint-disable-next-line typescript/no-explicit-any -- a document of any form, right or wrong
export type Document = any;

/** The configuration does not load: every problem, in words. */
export class Refused extends Error {
  override readonly name = "Refused";
}

/** Secrets that cases name. */
export const environment: NodeJS.ProcessEnv = {
  SECRET: "correct",
  WRONG: "wrong",
  TOKEN: "cluster-token",
  SCRAPE: "scrape".repeat(4),
  AUTHORIZATION: "Bearer correct",
  WEBHOOK: `whsec_${Buffer.alloc(32, 7).toString("base64")}`,
  STORE: "postgres://mayfly:password@db.internal/mayfly",
};

/** Sets or removes a value in a document. */
export function put(document: Document, at: Path, value: unknown): void {
  const last = at.at(-1);
  if (last === undefined) throw new TypeError("a case names a member");
  let inside = document;
  for (const key of at.slice(0, -1)) {
    inside[key] ??= {};
    inside = inside[key];
  }
  if (value === undefined) delete inside[last];
  else inside[last] = structuredClone(value);
}

/**
 * Runs a case's act under one configuration.
 * @param seen told of each configuration that loaded
 */
export async function outcomeOf(
  act: Act,
  document: Document,
  seen?: (configuration: Ready["configuration"]) => void,
): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), "mayfly-catalogue-"));
  try {
    return await act(async (fill = {}, files = {}) => {
      const values: Readonly<Record<string, string>> = { folder, node: process.execPath, ...fill };
      const text = JSON.stringify(document, undefined, 1)
        // A number alone is written as one.
        .replaceAll(/"\{\{port\}\}"/g, values["port"] ?? "0")
        .replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? "");
      const file = path.join(folder, "mayfly.yaml");
      writeFileSync(file, `${text}\n`);
      for (const [name, content] of Object.entries(files)) writeFileSync(path.join(folder, name), content);
      const loaded = await load(file, protocols, environment);
      if (loaded.ok) {
        seen?.(loaded.configuration);
        return { ...loaded, file, folder };
      }
      throw new Refused(loaded.problems.map(({ message }) => message).join("; "));
    });
  } catch (error) {
    if (error instanceof Refused) return `configuration | ${error.message}`;
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Only loads the configuration. */
export const loads: Act = async (load) => {
  await load();
  return "passed";
};
