import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  parsePrivateKey,
  parseVerifierKey,
  verifierKeyOf,
  verifierKeysFile,
  type VerifierKey,
} from "@mayfly/audit-verifier";
import { MayflyError, messageOf } from "../kernel/errors.ts";
import { syncFolder } from "./files/tail.ts";

/** The log's keys: the one that signs, and all that ever did. */
export interface LogKeys {
  readonly name: string;
  readonly signer: KeyObject;
  /** The signer's verifier key. */
  readonly current: VerifierKey;
  /** Every verifier key of the log, oldest first, as text. */
  readonly all: readonly string[];
}

export const keyFile = "key.pem";
/** A key that is made but not announced to everybody yet. */
const nextKeyFile = "key.next.pem";

/**
 * Reads the log's keys; makes the first one when the log is new.
 * @param isNew whether the folder holds no record and no checkpoint yet
 * @throws MayflyError when the key of a log that exists is missing, unreadable or not of this name
 */
export function loadKeys(folder: string, name: string, isNew: boolean): LogKeys {
  const path = join(folder, keyFile);
  finishRotation(folder, name);
  if (!existsSync(path)) {
    if (!isNew) throw keyError(`${path} is missing, but the log has records`, restore);
    const pair = generateKeyPairSync("ed25519");
    writeDurable(path, pair.privateKey.export({ type: "pkcs8", format: "pem" }) as string, 0o600);
  }
  let signer: KeyObject;
  try {
    signer = parsePrivateKey(readFileSync(path, "utf8"));
  } catch (error) {
    throw keyError(`${path} cannot be read: ${messageOf(error)}`, restore);
  }
  const current = verifierKeyOf(name, signer);
  const list = join(folder, verifierKeysFile);
  // Between making the key and writing its public half a first start may have died.
  if (isNew && !existsSync(list)) writeDurable(list, `${current.text}\n`, 0o644);
  if (!existsSync(list)) throw keyError(`${list} is missing`, "put back the copy of it that is kept outside");
  const all = readFileSync(list, "utf8").trim().split("\n");
  try {
    for (const text of all) parseVerifierKey(text);
  } catch (error) {
    throw keyError(`${list}: ${messageOf(error)}`, "put back the copy of it that is kept outside");
  }
  if (all.at(-1) !== current.text)
    throw keyError(
      `${path} is not the key of the log ${name} that ${list} names last`,
      `a log keeps its name and its key; ${restore}`,
    );
  return { name, signer, current, all };
}

/** The first verifier key of the log in a folder: what tells it from every other. Undefined when it cannot be read. */
export function firstKey(folder: string): string | undefined {
  try {
    return readFileSync(join(folder, verifierKeysFile), "utf8").split("\n")[0];
  } catch {
    return undefined;
  }
}

/** Makes the key that shall follow. It signs nothing on its own until `adoptNextKey`. */
export function makeNextKey(folder: string, keys: LogKeys): LogKeys {
  const path = join(folder, nextKeyFile);
  // Left by a rotation that did not get as far as being adopted.
  rmSync(path, { force: true });
  const { privateKey: signer } = generateKeyPairSync("ed25519");
  writeDurable(path, signer.export({ type: "pkcs8", format: "pem" }) as string, 0o600);
  const current = verifierKeyOf(keys.name, signer);
  return { name: keys.name, signer, current, all: [...keys.all, current.text] };
}

/** Makes the next key the log's key, once a checkpoint signed by both is on the disk. */
export function adoptNextKey(folder: string, next: LogKeys): undefined {
  const list = join(folder, verifierKeysFile);
  writeFileSync(`${list}.tmp`, `${next.all.join("\n")}\n`, { mode: 0o644, flush: true });
  renameSync(`${list}.tmp`, list);
  renameSync(join(folder, nextKeyFile), join(folder, keyFile));
  syncFolder(folder);
}

/** A rotation may have died between its two renames: the list of keys says whether the next key was adopted. */
function finishRotation(folder: string, name: string): void {
  const next = join(folder, nextKeyFile);
  const list = join(folder, verifierKeysFile);
  if (!existsSync(next) || !existsSync(list)) return;
  const last = readFileSync(list, "utf8").trim().split("\n").at(-1);
  if (verifierKeyOf(name, parsePrivateKey(readFileSync(next, "utf8"))).text !== last) return;
  renameSync(next, join(folder, keyFile));
  syncFolder(folder);
}

const restore = "put back the key from its backup, or start a new log in another folder and keep this one";

function keyError(message: string, hint: string): MayflyError {
  return new MayflyError("log_key", message, { status: 500, hint });
}

/** Writes a new file and waits until it is on the disk. Refuses to replace one. */
export function writeDurable(path: string, text: string, mode: number): void {
  writeFileSync(path, text, { mode, flag: "wx", flush: true });
  syncFolder(join(path, ".."));
}
