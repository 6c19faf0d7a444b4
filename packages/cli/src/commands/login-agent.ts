import { resolve } from "node:path";
import { type Proof, signInOf } from "@mayfly/sdk/tokens";
import { Option, type Command } from "commander";
import { personClient } from "../agent-login.ts";
import { UsageError } from "../exit.ts";
import type { AgentOf, CallerOf, PersonOf } from "../profile.ts";
import { signIn } from "../sign-in.ts";
import { clientOf, type Login } from "../tokens.ts";
import { wayOf, type WayOptions } from "./way.ts";

/** The flags of a registered agent's login. */
export interface AgentOptions {
  readonly agent?: string;
  readonly org?: string;
  readonly person?: "browser" | "device";
  readonly personClient?: string;
  readonly personKey?: string;
  readonly idToken?: string;
  readonly caller?: string;
  readonly callerKey?: string;
  readonly callerKeyId?: string;
  readonly callerScope?: string;
  readonly callerResource?: string;
  readonly accessToken?: string;
}

/** What a sign-in at the org asks for: the ID token counts, and what renews it. */
const SIGN_IN_SCOPE = "openid offline_access";

/** Adds them to `mayfly login`. */
export function addAgentOptions(login: Command): Command {
  const ofAgent = (flags: string, description: string): Option =>
    new Option(flags, description).conflicts(["tokenStdin"]);
  return login
    .addOption(
      ofAgent("--agent <id>", "log a registered AI agent in: its client id (wlp…), with --key").conflicts([
        "tokenStdin",
        "clientId",
      ]),
    )
    .addOption(ofAgent("--org <url>", "the agent's Okta org (left out: the host of --issuer)"))
    .addOption(
      ofAgent("--person <way>", "the agent acts for you: sign in to its linked app").choices([
        "browser",
        "device",
      ]),
    )
    .addOption(
      ofAgent("--person-client <id>", "the linked app, where its client id is another than the agent's"),
    )
    .addOption(ofAgent("--person-key <file>", "the linked app's private key, where it has one of its own"))
    .addOption(
      ofAgent(
        "--id-token <file>",
        "the agent acts for a person: a file with their ID token, read again for each renewal (or MAYFLY_ID_TOKEN)",
      ).conflicts(["person", "tokenStdin"]),
    )
    .addOption(
      ofAgent(
        "--caller <id>",
        "who calls the agent: a service app; with --person or --id-token another agent, for that person",
      ),
    )
    .addOption(ofAgent("--caller-key <file>", "the caller's private key, PEM or JWK"))
    .addOption(ofAgent("--caller-key-id <kid>", "the id of that key, where a PEM cannot say it"))
    .addOption(ofAgent("--caller-scope <scopes>", "the scopes of the caller's token (left out: mayfly)"))
    .addOption(
      ofAgent("--caller-resource <url>", "what the caller's token is for: the resource URL of this agent"),
    )
    .addOption(
      ofAgent(
        "--access-token <file>",
        "the caller's access token in a file, read again for each renewal, in place of --caller",
      ).conflicts(["caller", "person", "idToken", "tokenStdin"]),
    );
}

/** What only says something together with another flag. */
const needs = [
  ["org", "agent"],
  ["person", "agent"],
  ["idToken", "agent"],
  ["caller", "agent"],
  ["accessToken", "agent"],
  ["personClient", "person"],
  ["personKey", "personClient"],
  ["callerKey", "caller"],
  ["callerKeyId", "callerKey"],
  ["callerScope", "caller"],
  ["callerResource", "caller"],
] as const satisfies readonly (readonly [keyof AgentOptions, keyof AgentOptions])[];

/** Refuses flags of an agent's login that would say nothing. @throws UsageError */
export function checkAgentOptions(options: AgentOptions): void {
  for (const [one, other] of needs)
    if (options[one] !== undefined && options[other] === undefined)
      throw new UsageError(`${flag(one)} says nothing without ${flag(other)}`, "give both");
}

const flag = (name: string): string => `--${name.replaceAll(/[A-Z]/g, (upper) => `-${upper.toLowerCase()}`)}`;

/** What a registered agent's login keeps; a person signs in where they are to. @throws UsageError, MayflyError */
export async function agentLogin(
  base: Login,
  options: AgentOptions & WayOptions,
  proof: Proof,
): Promise<Login> {
  if (base.key === undefined)
    throw new UsageError(
      "--agent needs the agent's private key",
      "give --key FILE; mayfly agent keygen makes one",
    );
  const org = options.org ?? new URL(base.issuer ?? "").origin;
  const caller = callerOf(options);
  const person = personOf(options);
  if (options.accessToken !== undefined)
    return { ...base, agent: { org, accessTokenFile: resolve(options.accessToken) } };
  if (person === undefined && caller === undefined)
    throw new UsageError(
      "an agent acts for somebody, and nobody is named",
      "for you: --person browser (or device); for a person elsewhere: --id-token FILE; for a machine: --caller ID --caller-key FILE",
    );
  const agent: AgentOf = {
    org,
    ...(person === undefined ? {} : { person }),
    ...(caller === undefined ? {} : { caller }),
  };
  if (options.person === undefined) return { ...base, agent };
  const way = wayOf({ ...options, [options.person]: true });
  const client = personClient(agent, clientOf(base));
  const signedIn = signInOf(await signIn(client, SIGN_IN_SCOPE, way, proof));
  return { ...base, agent: { ...agent, person: { ...person, ...signedIn } } };
}

function callerOf(options: AgentOptions): CallerOf | undefined {
  const { caller, callerKey, callerKeyId, callerScope, callerResource } = options;
  if (caller === undefined) return undefined;
  if (callerKey === undefined)
    throw new UsageError("--caller needs the caller's private key", "give --caller-key FILE");
  return {
    clientId: caller,
    key: resolve(callerKey),
    ...(callerKeyId === undefined ? {} : { keyId: callerKeyId }),
    ...(callerScope === undefined ? {} : { scope: callerScope }),
    ...(callerResource === undefined ? {} : { resource: callerResource }),
  };
}

function personOf(options: AgentOptions): PersonOf | undefined {
  const { person, personClient: clientId, personKey, idToken } = options;
  if (idToken !== undefined) return { idTokenFile: resolve(idToken) };
  if (person !== undefined)
    return {
      ...(clientId === undefined ? {} : { clientId }),
      ...(personKey === undefined ? {} : { key: resolve(personKey) }),
    };
  const fromEnvironment = process.env["MAYFLY_ID_TOKEN"] ?? "";
  return fromEnvironment === "" || options.accessToken !== undefined
    ? undefined
    : { idToken: fromEnvironment };
}
