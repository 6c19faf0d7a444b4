import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { MayflyError } from "@mayfly/sdk";
import { UsageError } from "./exit.ts";

/** What `mayfly login` remembers. The client's key stays where it is; only its path is kept. */
export interface Profile {
  readonly url: string;
  /** Absolute path of the gateway's CA. */
  readonly ca?: string;
  readonly issuer?: string;
  readonly clientId?: string;
  readonly scope?: string;
  /** Absolute path of the private key, for private_key_jwt. */
  readonly key?: string;
  readonly keyId?: string;
  readonly accessToken: string;
  /** Milliseconds since the epoch; undefined when the issuer did not say. */
  readonly expiresAt?: number;
  readonly refreshToken?: string;
}

/** Where a profile lives: `$XDG_STATE_HOME/mayfly/NAME.json`. */
export function profilePath(name: string): string {
  if (!/^[\w.-]{1,64}$/.test(name) || name.startsWith(".")) {
    throw new UsageError(`'${name}' is no name for a profile`, "use letters, digits, '-', '_' and '.'");
  }
  // A relative path is to be ignored (XDG Base Directory Specification).
  const set = process.env["XDG_STATE_HOME"] ?? "";
  const state = isAbsolute(set) ? set : join(homedir(), ".local", "state");
  return join(state, "mayfly", `${name}.json`);
}

/**
 * Reads a profile; undefined when there is none.
 * @throws MayflyError when others can read it: it holds a token
 */
export function readProfile(name: string): Profile | undefined {
  const path = profilePath(name);
  try {
    const { mode } = statSync(path);
    if (process.platform !== "win32" && (mode & 0o077) !== 0) {
      throw new MayflyError("unsafe_profile", `${path} can be read by others`, {
        hint: `chmod 600 ${path}, and log in again`,
      });
    }
    return JSON.parse(readFileSync(path, "utf8")) as Profile;
  } catch (thrown) {
    if (thrown instanceof MayflyError) throw thrown;
    if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") return undefined;
    throw new MayflyError("unreadable_profile", `${path} cannot be read`, {
      cause: thrown,
      hint: "mayfly login writes it anew",
    });
  }
}

/** Writes a profile, readable by its owner alone, whole or not at all. */
export function writeProfile(name: string, profile: Profile): void {
  const path = profilePath(name);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const beside = `${path}.${randomBytes(6).toString("hex")}`;
  writeFileSync(beside, `${JSON.stringify(profile, null, 2)}\n`, { mode: 0o600, flag: "wx" });
  renameSync(beside, path);
}

/** Forgets a profile. */
export function removeProfile(name: string): void {
  rmSync(profilePath(name), { force: true });
}
