import { resolve } from "node:path";
import { createMayfly } from "@mayfly/sdk";
import type { IssuedToken, Proof } from "@mayfly/sdk/tokens";
import { issuedToken } from "@mayfly/sdk/tokens";
import { Option, type Command } from "commander";
import { command, type CommonOptions, placeOf } from "../context.ts";
import { UsageError } from "../exit.ts";
import { note, out, outJson } from "../print.ts";
import { profilePath, readDpop, readProfile, removeProfile, writeDpop, writeProfile } from "../profile.ts";
import { signIn } from "../sign-in.ts";
import { clientOf, kept, type Login, obtain, type Obtained, PERSON_SCOPE, profileOf } from "../tokens.ts";
import { addAgentOptions, type AgentOptions, agentLogin, checkAgentOptions } from "./login-agent.ts";
import { whoText } from "./whoami.ts";
import { wayOf, type WayOptions } from "./way.ts";

interface LoginOptions extends CommonOptions, WayOptions, AgentOptions {
  readonly clientId?: string;
  readonly key?: string;
  readonly keyId?: string;
  readonly issuer?: string;
  readonly scope?: string;
  readonly resource?: string;
  readonly tokenStdin?: boolean;
}

/** `mayfly login`. */
export function loginCommand(): Command {
  const made = command(
    "login",
    "Log in: a service app or a registered AI agent with its private key, a person in a browser, or with a token from elsewhere",
    "mayfly login --url https://mayfly.internal:8443\n" +
      "# This opens a browser. For others, with --url or MAYFLY_URL: a service app\n" +
      "mayfly login --client-id 0oa1b2c3d4 --key agent.pem\n" +
      "# a registered agent, for you\n" +
      "mayfly login --agent wlp1b2c3d4 --key agent.pem --person browser\n" +
      "# … for the machine that calls it\n" +
      "mayfly login --agent wlp1b2c3d4 --key agent.pem \\\n" +
      "  --caller 0oa1b2c3d4 --caller-key app.pem\n" +
      "# a person, in the browser of another machine\n" +
      "mayfly login --device --client-id 0oa5e6f7g8\n" +
      "get-token | mayfly login --token-stdin",
  )
    .addOption(withoutToken("--client-id <id>", "the OAuth client (left out: mayfly-cli)"))
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
        "--resource <url>",
        "what the token is to be for, byte for byte as Okta's resource connection has it (left out: the server's audience)",
      ),
    )
    .addOption(
      withoutToken(
        "--device",
        "show a code to confirm in any browser (by itself over ssh and without a display)",
      ).conflicts(["browser"]),
    )
    .addOption(withoutToken("--browser", "use a browser on this machine, though none seems to be here"))
    .addOption(
      withoutToken(
        "--fresh",
        "prove who you are again, whatever the browser remembers: for what asks for a fresh sign-in",
        // The device flow cannot ask for a fresh proof: no parameter of it says so (RFC 8628, section 3.1).
      ).conflicts(["device"]),
    )
    .addOption(
      withoutToken(
        "--redirect-port <port>",
        "the port of 127.0.0.1 to come back to, where the client needs a fixed one",
      ).conflicts(["device"]),
    );
  return addAgentOptions(made)
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
  const before = readDpop(options.profile);
  const proof: Proof = { key: before };
  const obtained = await obtainFirst(options, proof, async () =>
    onlyIssuer(createMayfly({ url: place.url, ...trust })),
  );
  const { accessToken, dpop } = obtained.token;
  const bound = dpop === undefined ? {} : { dpop };
  const me = await createMayfly({ url: place.url, token: accessToken, ...bound, ...trust }).me();
  if (proof.key !== undefined && proof.key !== before) writeDpop(options.profile, proof.key);
  writeProfile(options.profile, {
    expiresAt: Date.parse(me.token_expires_at),
    ...profileOf({ url: place.url, ...(place.caFile === undefined ? {} : { ca: place.caFile }) }, obtained),
  });
  if (options.json === true) {
    outJson({ url: place.url, me, saved: profilePath(options.profile) });
    return;
  }
  note(`Logged in to ${place.url} as ${whoText(me)}.`);
  if (me.groups.length === 0) note(`hint: ${withoutGroups[me.kind]}`);
  out(profilePath(options.profile));
}

/** What helps who is in no group: Okta puts groups into a person's token, and none into an agent's. */
const withoutGroups = {
  agent:
    "without groups nothing can be requested; see identity.agents.directory in the gateway's configuration",
  person:
    "without groups you have no role and can request nothing; they come with your token, in the claim that identity.agents.groups_claim names in the gateway's configuration",
} as const;

/** Gets the login's first token, whoever logs in. */
async function obtainFirst(
  options: LoginOptions,
  proof: Proof,
  namedIssuer: () => Promise<string>,
): Promise<Obtained> {
  if (options.tokenStdin === true) return { login: {}, token: { accessToken: await readToken() } };
  checkAgentOptions(options);
  if (options.keyId !== undefined && options.key === undefined)
    throw new UsageError("--key-id says nothing without --key", "give both");
  if (options.agent === undefined && options.key !== undefined) refuseSignIn(options);
  const base: Login = {
    issuer: options.issuer ?? (await namedIssuer()),
    clientId: options.agent ?? options.clientId ?? "mayfly-cli",
    ...(options.scope === undefined ? {} : { scope: options.scope }),
    ...(options.resource === undefined ? {} : { resource: options.resource }),
    ...(options.key === undefined ? {} : { key: resolve(options.key) }),
    ...(options.keyId === undefined ? {} : { keyId: options.keyId }),
  };
  if (options.agent !== undefined) return obtain(await agentLogin(base, options, proof), proof);
  if (options.key !== undefined) return obtain(base, proof);
  const client = clientOf(base);
  const answer = await signIn(client, base.scope ?? PERSON_SCOPE, wayOf(options), proof);
  const token: IssuedToken = issuedToken(answer, proof);
  return { login: { ...base, ...kept(token) }, token };
}

/** A service app logs in by its key: there is nobody to sign in. */
function refuseSignIn(options: LoginOptions): void {
  const named = (["device", "browser", "fresh", "redirectPort"] as const).find(
    (one) => options[one] !== undefined,
  );
  if (named !== undefined)
    throw new UsageError(
      `--${named === "redirectPort" ? "redirect-port" : named} cannot be used with --key: nobody signs in`,
      "leave one out; a registered agent that acts for a person: --agent",
    );
}

async function onlyIssuer(mayfly: ReturnType<typeof createMayfly>): Promise<string> {
  const { resource, authorization_servers: all } = await mayfly.protectedResource();
  // The gateway names itself where it hands out a client to MCP tools; its own command line has a client of its own.
  const servers = all.filter((server) => server !== resource);
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
      const wasThere = removeProfile(profile);
      if (json === true) outJson({ forgotten: profile });
      else note(wasThere ? `Forgot the login '${profile}'.` : `No login is saved as '${profile}'.`);
    },
  );
}
