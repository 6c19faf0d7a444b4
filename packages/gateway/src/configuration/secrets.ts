import { X509Certificate, createPrivateKey } from "node:crypto";
import { existsSync } from "node:fs";
import { dirname, parse, resolve } from "node:path";
import { Secret, TextFile } from "../kernel/secret.ts";
import { addAll, finding } from "./findings.ts";
import type { Finding } from "./findings.ts";
import type { Path } from "./positions.ts";
import { readText } from "./read.ts";
import { missingVariable } from "./unset.ts";

/** Maximum size of a secret or certificate file, bytes. */
const MAX_SECRET_FILE_BYTES = 1_048_576;

// Messages repeat no value as it was written: a secret may have been written in the place of its file's path.
const relativeHint = "relative paths start at the folder of the configuration file";

/** What loading needs. */
export interface Sources {
  /** The folder where relative paths start. */
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Collects secrets that are not set, which stay unloaded: whether that is an error depends on what needs them. */
  readonly unset: Finding[];
}

/**
 * Finds every Secret and TextFile in a parsed value, at any depth, and loads each.
 * @param base the path of the value in the configuration
 * @returns a finding for each that could not be loaded; no finding repeats a secret
 */
export async function loadSecrets(value: unknown, base: Path, sources: Sources): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { found, path } of search(value, base, new Set())) {
    if (found instanceof TextFile) {
      const reading = await readText(resolve(sources.folder, found.path), MAX_SECRET_FILE_BYTES);
      if (reading.ok) found.load(reading.text);
      else findings.push(unreadable(path, found.path, sources.folder, reading));
    } else if (found.source !== undefined) {
      const missing = await loadSecret(found, found.source, path, sources);
      const isMisnamed = "env" in found.source && !isVariableName(found.source.env);
      addAll(isMisnamed ? findings : sources.unset, missing);
    }
  }
  return findings;
}

function isVariableName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
}

async function loadSecret(
  secret: Secret,
  source: NonNullable<Secret["source"]>,
  path: Path,
  sources: Sources,
): Promise<Finding[]> {
  if ("env" in source) {
    // Not repeated: it may be the secret itself, in the wrong place.
    if (!isVariableName(source.env)) {
      return [finding("value", [...path, "env"], "this is not the name of an environment variable")];
    }
    const value = Object.hasOwn(sources.environment, source.env)
      ? sources.environment[source.env]
      : undefined;
    if (value === undefined || value === "")
      return [missingVariable(source.env, value === "" ? "empty" : "not set", [...path, "env"])];
    secret.load(value);
    return [];
  }
  const file = resolve(sources.folder, source.file);
  secret.foundAt(file);
  const reading = await readText(file, MAX_SECRET_FILE_BYTES);
  if (!reading.ok) return [unreadable([...path, "file"], source.file, sources.folder, reading)];
  // Editors and `echo` end a file with a newline that is not part of the secret.
  const value = reading.text.replace(/\r?\n$/, "");
  if (value === "") return [finding("value", [...path, "file"], "the file is empty")];
  secret.load(value);
  return [];
}

/**
 * A file that cannot be read, by its name where that can be nothing else: a secret that was written in the place of its file
 * must not be repeated, and does not lie in a folder that is there.
 */
function unreadable(
  path: Path,
  file: string,
  folder: string,
  { message, hint }: { readonly message: string; readonly hint?: string },
): Finding {
  const full = resolve(folder, file);
  const within = dirname(full);
  const isName = within !== resolve(folder) && within !== parse(full).root && existsSync(within);
  return finding("value", path, isName ? `${message}: ${full}` : message, hint ?? relativeHint);
}

function* search(
  value: unknown,
  path: Path,
  seen: Set<unknown>,
): Generator<{ found: Secret | TextFile; path: Path }> {
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  seen.add(value);
  if (value instanceof Secret || value instanceof TextFile) {
    yield { found: value, path };
    return;
  }
  if (ArrayBuffer.isView(value)) return;
  const entries: Iterable<[unknown, unknown]> =
    value instanceof Map || value instanceof Set || Array.isArray(value)
      ? value.entries()
      : Object.entries(value);
  for (const [name, item] of entries) {
    yield* search(item, typeof name === "string" || typeof name === "number" ? [...path, name] : path, seen);
  }
}

/** What is wrong with a text of PEM certificates, or undefined. */
export function problemOfCertificates(pem: string): string | undefined {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) return "the file holds no certificate in PEM";
  for (const block of blocks) {
    try {
      void new X509Certificate(block).serialNumber;
    } catch {
      return "the file holds a certificate that cannot be read";
    }
  }
  return undefined;
}

/** What is wrong with a server's key in PEM beside its certificate, or undefined. */
export function problemOfKey(certificate: string, key: string): string | undefined {
  try {
    const parsed = createPrivateKey(key);
    return new X509Certificate(certificate).checkPrivateKey(parsed)
      ? undefined
      : "the key does not belong to the certificate";
  } catch {
    return "the file holds no private key in PEM without a passphrase";
  }
}
