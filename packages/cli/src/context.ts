import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { createMayfly, type KeptDpopKey, type Mayfly, MayflyError } from "@mayfly/sdk";
import { Argument, Command } from "commander";
import { grantId, operationName, requestId, requestOrGrantId, sessionId } from "./arguments.ts";
import { UsageError } from "./exit.ts";
import { isDue, type Proof } from "@mayfly/sdk/tokens";
import { profileNames, readDpop, readProfile, writeDpop, writeProfile, type Profile } from "./profile.ts";
import { notLoggedIn, obtain, profileOf } from "./tokens.ts";

/** The login that is meant where none is named. */
const DEFAULT_PROFILE = "default";

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
  for (const arg of args) made.addArgument(checked(arg));
  made.description(summary);
  const takes = (flag: CommonFlag): boolean => !without.includes(flag);
  if (takes("url")) made.option("--url <url>", "the gateway (MAYFLY_URL, or what login saved)");
  if (takes("ca"))
    made.option("--ca <file>", "PEM of the CA that signed the gateway's certificate (MAYFLY_CA)");
  made.option(
    "--profile <name>",
    "which login to use (MAYFLY_PROFILE)",
    setting("MAYFLY_PROFILE") ?? DEFAULT_PROFILE,
  );
  if (takes("json")) made.option("--json", "print JSON");
  return made.addHelpText("after", `\nExample:\n  ${example.replaceAll("\n", "\n  ")}`);
}

/** How a command's arguments are checked, by their names. */
const checks: Readonly<Record<string, (text: string) => string>> = {
  request: requestId,
  grant: grantId,
  session: sessionId,
  "request-or-grant": requestOrGrantId,
  operation: operationName,
  operations: operationName,
};

/** One argument, `<name>`, `[name]` or `<name...>`, checked before anything is sent. */
function checked(written: string): Argument {
  const argument = new Argument(written);
  const check = checks[argument.name()];
  if (check === undefined) return argument;
  if (!argument.variadic) return argument.argParser((text: string) => check(text));
  return argument.argParser((text: string, before: readonly string[] | undefined) => [
    ...(before ?? []),
    check(text),
  ]);
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
    if (profile === undefined && options.profile !== DEFAULT_PROFILE) throw noSuchLogin(options.profile);
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
export function connect(options: CommonOptions): {
  readonly mayfly: Mayfly;
  readonly place: Place;
  /** Whether the token that was sent last is bound to a key: other clients cannot prove that they hold it. */
  readonly isBound: () => boolean;
} {
  const set = setting("MAYFLY_TOKEN");
  const saved = readProfile(options.profile);
  const place = placeOf(options, saved);
  const token = set ?? savedTokens(options.profile, place.url);
  return {
    place,
    isBound: () => typeof token !== "string" && token.dpopKey() !== undefined,
    mayfly: createMayfly({ url: place.url, token, ...(place.ca === undefined ? {} : { ca: place.ca }) }),
  };
}

/**
 * The access token of whoever runs the command, for a client that cannot prove a key, and when it expires, milliseconds
 * since the epoch, where that is known.
 * @throws MayflyError bound_token when it works with proofs alone
 */
export async function bearerToken(
  options: CommonOptions,
): Promise<{ readonly token: string; readonly expiresAt?: number }> {
  const set = setting("MAYFLY_TOKEN");
  if (set !== undefined) return { token: set };
  const { url } = placeOf(options, readProfile(options.profile));
  const { accessToken, expiresAt, isBound } = await savedLogin(options.profile, url, undefined);
  if (isBound === true)
    throw new MayflyError(
      "bound_token",
      "this login's token is bound to a key (DPoP), which kubectl cannot prove",
      {
        hint: "use the grant's own secret: mayfly run CONNECTION/OPERATION -- kubectl …, or mayfly kubeconfig anew",
      },
    );
  return { token: accessToken, ...(expiresAt === undefined ? {} : { expiresAt }) };
}

/** The saved token and the key that it is bound to, renewed as they are needed. */
function savedTokens(
  name: string,
  url: string,
): { (stale?: string): Promise<string>; dpopKey(): KeptDpopKey | undefined } {
  let isBound = false;
  let key: KeptDpopKey | undefined;
  return Object.assign(
    async (stale?: string) => {
      const login = await savedLogin(name, url, stale);
      isBound = login.isBound === true;
      if (isBound) key ??= readDpop(name);
      if (isBound && key === undefined) throw notLoggedIn("the key that the saved token is bound to is gone");
      return login.accessToken;
    },
    { dpopKey: () => (isBound ? key : undefined) },
  );
}

/**
 * The saved login, its token renewed when it is about to expire. It goes to the gateway that it was got for alone.
 * @param stale a token that the gateway called too old to decide by: that one is renewed whatever its age
 */
async function savedLogin(name: string, url: string, stale: string | undefined): Promise<Profile> {
  const profile = readProfile(name);
  if (profile === undefined) throw noSuchLogin(name);
  if (new URL(profile.url).origin !== new URL(url).origin) {
    throw notLoggedIn(`the login '${name}' is for ${profile.url}, not for ${url}`);
  }
  if (!isDue(profile.expiresAt) && profile.accessToken !== stale) return profile;
  const { url: at, ca, accessToken: _, expiresAt: __, isBound: ___, ...login } = profile;
  const before = readDpop(name);
  const proof: Proof = { key: before };
  const renewed = await obtain(login, proof);
  if (proof.key !== undefined && proof.key !== before) writeDpop(name, proof.key);
  const next = profileOf({ url: at, ...(ca === undefined ? {} : { ca }) }, renewed);
  writeProfile(name, next);
  return next;
}

/** Nothing is saved under this name. */
function noSuchLogin(name: string): MayflyError {
  const saved = profileNames();
  const others = saved.length === 0 ? "" : `; logins saved here: ${saved.join(", ")} (--profile)`;
  if (name === DEFAULT_PROFILE)
    return notLoggedIn("you are not logged in", `mayfly login --help says how; or set MAYFLY_TOKEN${others}`);
  return notLoggedIn(`no login is saved as '${name}'`, `mayfly login --profile ${name} saves one${others}`);
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
