import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { createMayfly, type Mayfly } from "@mayfly/sdk";
import { Command } from "commander";
import { UsageError } from "./exit.ts";
import { readProfile, writeProfile, type Profile } from "./profile.ts";
import { isStale, notLoggedIn, refresh } from "./tokens.ts";

/** The flags that every command takes. */
export interface CommonOptions {
  readonly url?: string;
  readonly ca?: string;
  readonly profile: string;
  readonly json?: boolean;
}

/** A flag that most commands take. */
type CommonFlag = "url" | "ca" | "json";

/** Makes a command with the common flags. @param without those of them that would say nothing to this command */
export function command(
  nameAndArguments: string,
  summary: string,
  example: string,
  without: readonly CommonFlag[] = [],
): Command {
  const [name, ...args] = nameAndArguments.split(" ");
  const made = new Command(name);
  for (const arg of args) made.argument(arg);
  made.description(summary);
  const takes = (flag: CommonFlag): boolean => !without.includes(flag);
  if (takes("url")) made.option("--url <url>", "the gateway (MAYFLY_URL, or what login saved)");
  if (takes("ca"))
    made.option("--ca <file>", "PEM of the CA that signed the gateway's certificate (MAYFLY_CA)");
  made.option(
    "--profile <name>",
    "which login to use (MAYFLY_PROFILE)",
    setting("MAYFLY_PROFILE") ?? "default",
  );
  if (takes("json")) made.option("--json", "print JSON");
  return made.addHelpText("after", `\nExample:\n  ${example.replaceAll("\n", "\n  ")}`);
}

/** Where the gateway is, and how to trust it: flags, then the environment, then the profile. */
export interface Place {
  readonly url: string;
  /** Absolute path of the CA. */
  readonly caFile?: string;
  readonly ca?: string;
}

/** Finds the gateway. @throws UsageError when nothing names it */
export function placeOf(options: CommonOptions, profile: Profile | undefined): Place {
  const url = options.url ?? setting("MAYFLY_URL") ?? profile?.url;
  if (url === undefined) {
    throw new UsageError(
      "no gateway is named",
      "give --url https://…, set MAYFLY_URL, or log in once: mayfly login --url …",
    );
  }
  const named = options.ca ?? setting("MAYFLY_CA");
  const caFile = named === undefined ? profile?.ca : resolve(named);
  if (caFile === undefined) return { url };
  try {
    return { url, caFile, ca: readFileSync(caFile, "utf8") };
  } catch {
    throw new UsageError(`the CA file ${caFile} cannot be read`, "check --ca or MAYFLY_CA");
  }
}

/** A client for a command, with a token that renews itself where the login can. */
export function connect(options: CommonOptions): { readonly mayfly: Mayfly; readonly place: Place } {
  const set = setting("MAYFLY_TOKEN");
  const saved = readProfile(options.profile);
  const place = placeOf(options, saved);
  const token = set ?? ((stale?: string) => savedToken(options.profile, place.url, stale));
  return {
    place,
    mayfly: createMayfly({ url: place.url, token, ...(place.ca === undefined ? {} : { ca: place.ca }) }),
  };
}

/** The access token of whoever runs the command, and when it expires, milliseconds since the epoch, where that is known. */
export async function accessToken(
  options: CommonOptions,
): Promise<{ readonly token: string; readonly expiresAt?: number }> {
  const set = setting("MAYFLY_TOKEN");
  if (set !== undefined) return { token: set };
  const { url } = placeOf(options, readProfile(options.profile));
  const token = await savedToken(options.profile, url, undefined);
  const expiresAt = readProfile(options.profile)?.expiresAt;
  return expiresAt === undefined ? { token } : { token, expiresAt };
}

/**
 * The saved token, renewed when it is about to expire. It goes to the gateway that it was got for alone.
 * @param stale a token that the gateway called too old to decide by: that one is renewed whatever its age
 */
async function savedToken(name: string, url: string, stale: string | undefined): Promise<string> {
  const profile = readProfile(name);
  if (profile === undefined) throw notLoggedIn("nobody is logged in");
  if (new URL(profile.url).origin !== new URL(url).origin) {
    throw notLoggedIn(`the login '${name}' is for ${profile.url}, not for ${url}`);
  }
  if (!isStale(profile) && profile.accessToken !== stale) return profile.accessToken;
  const renewed = { ...profile, ...(await refresh(profile)) };
  writeProfile(name, renewed);
  return renewed.accessToken;
}

function setting(name: string): string | undefined {
  const value = process.env[name];
  return value === undefined || value === "" ? undefined : value;
}

/**
 * Splits `CONNECTION/OPERATION…`.
 * @throws UsageError when they are not all on one connection
 */
export function splitOperations(names: readonly string[]): { connection: string; operations: string[] } {
  const operations: string[] = [];
  let connection: string | undefined;
  for (const name of names) {
    const slash = name.indexOf("/");
    if (slash < 1 || slash === name.length - 1) {
      throw new UsageError(
        `'${name}' is not CONNECTION/OPERATION`,
        "mayfly operations lists them, for example orders-db/read-orders",
      );
    }
    const on = name.slice(0, slash);
    if (connection !== undefined && on !== connection) {
      throw new UsageError(
        `one request is for one connection, not for ${connection} and ${on}`,
        "make two requests",
      );
    }
    connection = on;
    operations.push(name.slice(slash + 1));
  }
  if (connection === undefined)
    throw new UsageError("no operation is named", "mayfly operations lists what you may request");
  return { connection, operations };
}
