import { X509Certificate, createPrivateKey } from "node:crypto";
import { resolve } from "node:path";
import { Secret, TextFile } from "../kernel/secret.ts";
import { addAll, finding } from "./findings.ts";
import type { Finding } from "./findings.ts";
import type { Path } from "./places.ts";
import { readText } from "./read.ts";

/** The largest secret or certificate file, bytes. */
const largest = 1_048_576;

// Paths are not repeated in messages: a secret may have been written where its file's path belongs.
const relativeHint = "relative paths start at the folder of the configuration file";

/** What loading needs to know. */
export interface Sources {
  /** The folder that relative paths are relative to. */
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Where secrets need not be set: those that are not are put here, instead of being errors, and stay unloaded. */
  readonly unset: Finding[] | undefined;
}

/**
 * Finds every Secret and TextFile in a parsed value, at any depth, and loads each.
 * @param base path of the value in the configuration
 * @returns a finding for each that could not be loaded; none repeats a secret
 */
export async function loadSecrets(value: unknown, base: Path, sources: Sources): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { found, path } of search(value, base, new Set())) {
    if (found instanceof TextFile) {
      const reading = await readText(resolve(sources.folder, found.path), largest);
      if (reading.ok) found.load(reading.text);
      else findings.push(finding("value", path, reading.message, reading.hint ?? relativeHint));
    } else if (found.source !== undefined) {
      const missing = await loadSecret(found, found.source, path, sources);
      const isMisnamed = "env" in found.source && !isVariableName(found.source.env);
      addAll(isMisnamed ? findings : (sources.unset ?? findings), missing);
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
    // Not repeated: it may be the secret itself, put in the wrong place.
    if (!isVariableName(source.env)) {
      return [finding("value", [...path, "env"], "this is not the name of an environment variable")];
    }
    const value = Object.hasOwn(sources.environment, source.env)
      ? sources.environment[source.env]
      : undefined;
    const hint = `set ${source.env} in the environment of mayflyd`;
    if (value === undefined)
      return [finding("value", [...path, "env"], `the environment variable ${source.env} is not set`, hint)];
    if (value === "")
      return [finding("value", [...path, "env"], `the environment variable ${source.env} is empty`, hint)];
    secret.load(value);
    return [];
  }
  const reading = await readText(resolve(sources.folder, source.file), largest);
  if (!reading.ok)
    return [finding("value", [...path, "file"], reading.message, reading.hint ?? relativeHint)];
  // Editors and `echo` end a file with a newline that is no part of the secret.
  const value = reading.text.replace(/\r?\n$/, "");
  if (value === "") return [finding("value", [...path, "file"], "the file is empty")];
  secret.load(value);
  return [];
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

/** What is wrong with the text of certificates in PEM, or undefined. */
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
