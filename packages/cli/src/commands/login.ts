import { resolve } from "node:path";
import { createMayfly } from "@mayfly/sdk";
import type { Command } from "commander";
import { command, type CommonOptions, placeOf } from "../context.ts";
import { UsageError } from "../exit.ts";
import { hasBrowser } from "../open-browser.ts";
import { note, out, outJson } from "../print.ts";
import { profilePath, readProfile, removeProfile, writeProfile } from "../profile.ts";
import { type Client, loginWithBrowser, loginWithDevice, loginWithKey, type Tokens } from "../tokens.ts";

interface LoginOptions extends CommonOptions {
  readonly clientId?: string;
  readonly key?: string;
  readonly keyId?: string;
  readonly issuer?: string;
  readonly scope?: string;
  readonly tokenStdin?: boolean;
  readonly device?: boolean;
  readonly browser?: boolean;
  readonly fresh?: boolean;
  readonly redirectPort?: string;
}

/** `mayfly login`. */
export function loginCommand(): Command {
  return command(
    "login",
    "Log in: an agent with its private key, a person in a browser, or with a token from elsewhere",
    "mayfly login --url https://mayfly.internal:8443 --client-id 0oa1b2c3d4 --key agent.pem   # an agent\n" +
      "mayfly login --url https://mayfly.internal:8443                                          # a person, in a browser\n" +
      "mayfly login --url https://mayfly.internal:8443 --device                                 # … on another machine\n" +
      "get-token | mayfly login --url https://mayfly.internal:8443 --token-stdin",
  )
    .option("--client-id <id>", "the OAuth client", "mayfly-cli")
    .option(
      "--key <file>",
      "the client's private key, PEM or JWK: logs an agent in, and again when the token expires",
    )
    .option("--key-id <kid>", "the key's id at the authorization server, where a PEM cannot say it")
    .option("--issuer <url>", "the authorization server (left out: the one that the gateway names)")
    .option("--scope <scopes>", "scopes to ask for (left out: mayfly; people also openid offline_access)")
    .option("--device", "show a code to confirm in any browser (by itself over ssh and without a display)")
    .option("--browser", "use a browser on this machine, though none seems to be here")
    .option(
      "--fresh",
      "prove who you are again, whatever the browser remembers: for what asks for a fresh sign-in",
    )
    .option(
      "--redirect-port <port>",
      "the port of 127.0.0.1 to come back to, where the client needs a fixed one",
    )
    .option("--token-stdin", "take an access token from standard input")
    .action(login);
}

async function login(options: LoginOptions): Promise<void> {
  const place = placeOf(options, readProfile(options.profile));
  const trust = place.ca === undefined ? {} : { ca: place.ca };
  let client: Client = {};
  let tokens: Tokens;
  if (options.tokenStdin === true) {
    if (options.key !== undefined)
      throw new UsageError("--token-stdin and --key exclude each other", "give one");
    tokens = { accessToken: await readToken() };
  } else {
    const issuer = options.issuer ?? (await onlyIssuer(createMayfly({ url: place.url, ...trust })));
    client = {
      issuer,
      clientId: options.clientId ?? "mayfly-cli",
      ...(options.scope === undefined ? {} : { scope: options.scope }),
      ...(options.key === undefined ? {} : { key: resolve(options.key) }),
      ...(options.keyId === undefined ? {} : { keyId: options.keyId }),
    };
    tokens = options.key === undefined ? await loginAsPerson(client, options) : await loginWithKey(client);
  }
  const me = await createMayfly({ url: place.url, token: tokens.accessToken, ...trust }).me();
  writeProfile(options.profile, {
    url: place.url,
    ...(place.caFile === undefined ? {} : { ca: place.caFile }),
    ...client,
    expiresAt: Date.parse(me.token_expires_at),
    ...tokens,
  });
  if (options.json === true) {
    outJson({ url: place.url, me, saved: profilePath(options.profile) });
    return;
  }
  const groups = me.groups.length === 0 ? "no groups" : `groups ${me.groups.join(", ")}`;
  const roles = me.roles.length === 0 ? "" : `, roles ${me.roles.join(", ")}`;
  note(`Logged in to ${place.url} as ${me.name} (${me.kind}; ${groups}${roles}).`);
  if (me.groups.length === 0)
    note("hint: without groups nothing can be requested; see identity.agents.directory in the configuration");
  out(profilePath(options.profile));
}

/** Signs a person in: with a browser where there is one, else by a code. */
async function loginAsPerson(client: Client, options: LoginOptions): Promise<Tokens> {
  if (options.device === true && options.browser === true)
    throw new UsageError("--device and --browser exclude each other", "give one, or neither");
  const isHere = options.browser === true || hasBrowser(process.env, process.platform);
  // The device flow cannot ask for a fresh proof: no parameter of it says so (RFC 8628, section 3.1).
  if (options.device === true || (!isHere && options.fresh !== true)) return loginWithDevice(client);
  const port = options.redirectPort ?? "0";
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    throw new UsageError(`'${port}' is no port`, "give a number up to 65535, or leave it out");
  return loginWithBrowser(client, { port: Number(port), fresh: options.fresh === true });
}

async function onlyIssuer(mayfly: ReturnType<typeof createMayfly>): Promise<string> {
  const { authorization_servers: servers } = await mayfly.protectedResource();
  const [first] = servers;
  if (first === undefined || servers.length > 1) {
    throw new UsageError(
      first === undefined
        ? "the gateway names no authorization server"
        : `the gateway accepts tokens of ${servers.join(" and ")}`,
      "say which: --issuer URL",
    );
  }
  return first;
}

async function readToken(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
  const token = Buffer.concat(chunks).toString("utf8").trim();
  if (token === "")
    throw new UsageError(
      "standard input holds no token",
      "pipe one in: get-token | mayfly login --token-stdin",
    );
  return token;
}

/** `mayfly logout`. */
export function logoutCommand(): Command {
  return command("logout", "Forget the saved login", "mayfly logout").action((options: CommonOptions) => {
    removeProfile(options.profile);
    note(`Forgot the login '${options.profile}'.`);
  });
}
