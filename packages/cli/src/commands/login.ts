import { resolve } from "node:path";
import { createMayfly } from "@mayfly/sdk";
import { Option, type Command } from "commander";
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
    .addOption(withoutToken("--client-id <id>", "the OAuth client").default("mayfly-cli"))
    .addOption(
      withoutToken(
        "--key <file>",
        "the client's private key, PEM or JWK: logs an agent in, and again when the token expires",
      ),
    )
    .addOption(
      withoutToken("--key-id <kid>", "the key's id at the authorization server, where a PEM cannot say it"),
    )
    .addOption(
      withoutToken("--issuer <url>", "the authorization server (left out: the one that the gateway names)"),
    )
    .addOption(
      withoutToken(
        "--scope <scopes>",
        "scopes to ask for (left out: mayfly; people also openid offline_access)",
      ),
    )
    .addOption(
      withoutToken(
        "--device",
        "show a code to confirm in any browser (by itself over ssh and without a display)",
      ).conflicts(["key", "browser"]),
    )
    .addOption(
      withoutToken("--browser", "use a browser on this machine, though none seems to be here").conflicts([
        "key",
      ]),
    )
    .addOption(
      withoutToken(
        "--fresh",
        "prove who you are again, whatever the browser remembers: for what asks for a fresh sign-in",
        // The device flow cannot ask for a fresh proof: no parameter of it says so (RFC 8628, section 3.1).
      ).conflicts(["key", "device"]),
    )
    .addOption(
      withoutToken(
        "--redirect-port <port>",
        "the port of 127.0.0.1 to come back to, where the client needs a fixed one",
      ).conflicts(["key", "device"]),
    )
    .option("--token-stdin", "take an access token from standard input")
    .action(login);
}

/** An option of getting a token, which would say nothing where one is given. */
function withoutToken(flags: string, description: string): Option {
  return new Option(flags, description).conflicts(["tokenStdin"]);
}

async function login(options: LoginOptions): Promise<void> {
  const place = placeOf(options, readProfile(options.profile));
  const trust = place.ca === undefined ? {} : { ca: place.ca };
  let client: Client = {};
  let tokens: Tokens;
  if (options.tokenStdin === true) {
    tokens = { accessToken: await readToken() };
  } else {
    if (options.keyId !== undefined && options.key === undefined)
      throw new UsageError("--key-id says nothing without --key", "give both");
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
  const isHere = options.browser === true || hasBrowser(process.env, process.platform);
  // A fresh proof, or a port to come back to, is for a browser alone.
  const wantsBrowser = isHere || options.fresh === true || options.redirectPort !== undefined;
  if (options.device === true || !wantsBrowser) return loginWithDevice(client);
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
  return command("logout", "Forget the saved login", "mayfly logout", ["url", "ca"]).action(
    ({ profile, json }: CommonOptions) => {
      removeProfile(profile);
      if (json === true) outJson({ forgotten: profile });
      else note(`Forgot the login '${profile}'.`);
    },
  );
}
