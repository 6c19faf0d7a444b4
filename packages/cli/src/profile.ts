import { type JsonWebKey, randomBytes } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { type KeptDpopKey, MayflyError, readDpopKey } from "@mayfly/sdk";
import { UsageError } from "./exit.ts";

/** The person for whom an agent acts. */
export interface PersonOf {
  /** The app that they sign in to; left out: the agent's own client. */
  readonly clientId?: string;
  /** Absolute path of that app's private key, where it has one of its own. */
  readonly key?: string;
  /** Of a sign-in here. */
  readonly idToken?: string;
  readonly refreshToken?: string;
  /** Absolute path of a file that somebody else keeps fresh. */
  readonly idTokenFile?: string;
}

/** Who calls an agent: a service app, or another agent. */
export interface CallerOf {
  readonly clientId: string;
  /** Absolute path of its private key. */
  readonly key: string;
  readonly keyId?: string;
  readonly scope?: string;
  /** The called agent's resource URL. */
  readonly resource?: string;
}

/** A registered agent: whom it acts for. */
export interface AgentOf {
  /** The org's URL. */
  readonly org: string;
  readonly person?: PersonOf;
  readonly caller?: CallerOf;
  /** Absolute path of a file with the caller's access token, which somebody else keeps fresh. */
  readonly accessTokenFile?: string;
}

/** What `mayfly login` remembers. The client's key stays where it is; only its path is kept. */
export interface Profile {
  readonly url: string;
  /** Absolute path of the gateway's CA. */
  readonly ca?: string;
  readonly issuer?: string;
  readonly clientId?: string;
  readonly scope?: string;
  /** The resource that tokens are for (RFC 8707). */
  readonly resource?: string;
  /** The client is a registered AI agent. */
  readonly agent?: AgentOf;
  /** Absolute path of the private key, for private_key_jwt. */
  readonly key?: string;
  readonly keyId?: string;
  readonly accessToken: string;
  /** The token is bound to the key beside the profile (DPoP). */
  readonly isBound?: boolean;
  /** Milliseconds since the epoch; undefined when the issuer did not say. */
  readonly expiresAt?: number;
  readonly refreshToken?: string;
}

/** Where a profile lives: `$XDG_STATE_HOME/mayfly/NAME.json`. */
export function profilePath(name: string): string {
  return pathOf(name, "json");
}

/** Where the key lies to which a profile's tokens are bound (DPoP). */
export function dpopPath(name: string): string {
  return pathOf(name, "dpop.jwk");
}

function pathOf(name: string, kind: "json" | "dpop.jwk"): string {
  if (!/^[\w.-]{1,64}$/.test(name) || name.startsWith(".")) {
    throw new UsageError(`'${name}' is no name for a profile`, "use letters, digits, '-', '_' and '.'");
  }
  return join(loginFolder(), `${name}.${kind}`);
}

/** The folder where logins are kept. */
export function loginFolder(): string {
  // A relative path is to be ignored (XDG Base Directory Specification).
  const set = process.env["XDG_STATE_HOME"] ?? "";
  const state = isAbsolute(set) ? set : join(homedir(), ".local", "state");
  return join(state, "mayfly");
}

/**
 * Reads a profile; undefined when there is none.
 * @throws MayflyError when others can read it: it holds a token
 */
export function readProfile(name: string): Profile | undefined {
  return readOwn(profilePath(name)) as Profile | undefined;
}

/** The names of what is saved. */
export function profileNames(): readonly string[] {
  const folder = loginFolder();
  if (!existsSync(folder)) return [];
  // A key that a token is bound to lies beside its profile (pathOf).
  return readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .map((file) => file.slice(0, -".json".length))
    .toSorted();
}

/** Writes a profile, readable by its owner alone, whole or not at all. */
export function writeProfile(name: string, profile: Profile): void {
  writeOwn(profilePath(name), profile);
}

/** The key to which a profile's tokens are bound; undefined when there is none. @throws MayflyError when others can read it */
export function readDpop(name: string): KeptDpopKey | undefined {
  const jwk = readOwn(dpopPath(name));
  return jwk === undefined ? undefined : readDpopKey(jwk as JsonWebKey);
}

/** Keeps that key beside the profile, readable by its owner alone. */
export function writeDpop(name: string, key: KeptDpopKey): void {
  writeOwn(dpopPath(name), key.jwk);
}

/** Forgets a profile and its key. @returns whether there was one */
export function removeProfile(name: string): boolean {
  const wasThere = existsSync(profilePath(name));
  for (const path of [profilePath(name), dpopPath(name)]) rmSync(path, { force: true });
  return wasThere;
}

function readOwn(path: string): object | undefined {
  try {
    const { mode } = statSync(path);
    if (process.platform !== "win32" && (mode & 0o077) !== 0) {
      throw new MayflyError("unsafe_profile", `${path} can be read by others`, {
        hint: `chmod 600 ${path}, and log in again`,
      });
    }
    return JSON.parse(readFileSync(path, "utf8")) as object;
  } catch (thrown) {
    if (thrown instanceof MayflyError) throw thrown;
    if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") return undefined;
    // The cause of a broken file may quote it.
    throw new MayflyError("unreadable_profile", `${path} cannot be read`, {
      hint: "mayfly login writes it anew",
    });
  }
}

function writeOwn(path: string, value: object): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const beside = `${path}.${randomBytes(6).toString("hex")}`;
  writeFileSync(beside, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600, flag: "wx" });
  renameSync(beside, path);
}
