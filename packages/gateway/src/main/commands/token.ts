import { closeSync, openSync, readSync } from "node:fs";
import { formatProblems } from "../../configuration/problems.ts";
import type { Configuration } from "../../configuration/types.ts";
import { documentFetcher } from "../../identity/provider/document.ts";
import { explainToken, type ExplainOptions } from "../../identity/explaining/explain-token.ts";
import { formatTokenExplanation } from "../../identity/explaining/format.ts";
import { extractToken } from "../../identity/explaining/pasted-token.ts";
import { introspection } from "../../identity/tokens/introspection.ts";
import { withOktaFacts } from "../../identity/okta-api/principal.ts";
import { providerKeys, type ProviderKeys } from "../../identity/tokens/keys.ts";
import type { Principal } from "../../identity/principal.ts";
import type { TrustedProvider } from "../../kernel/trusted-provider.ts";
import { providerFetch } from "../../identity/provider/transport.ts";
import { systemClock } from "../../kernel/clock.ts";
import { messageOf } from "../../kernel/errors.ts";
import { explain, type Explanation } from "../../policy/explain.ts";
import { formatExplanation } from "../../policy/format-explanation.ts";
import { load, rulesOf } from "../load.ts";
import { createOktaApis } from "../wiring/identity/okta-api.ts";
import { protocols } from "../protocols.ts";
import { ConfigurationRefused } from "../reload.ts";
import { jsonText, say, tell } from "../terminal.ts";

/** The longest file that is read, bytes; the longest token is 16 KiB, and its endpoint's answer holds others beside it. */
const MAX_FILE_BYTES = 64 * 1024;

/**
 * `mayflyd token [FILE]`: explains a token claim by claim. It prints neither the token nor its signature.
 * @returns the exit code: 0 it would be accepted, 1 refused, 2 wrong usage
 */
export async function token(
  file: string | undefined,
  options: { readonly config: string; readonly json: boolean; readonly offline: boolean },
): Promise<number> {
  const read = readGiven(file);
  if ("problem" in read) {
    tell(`mayflyd: ${read.problem}\nhint: ${read.hint}`);
    return 2;
  }
  const loaded = await load(options.config, protocols, process.env, "named");
  if (!loaded.ok) throw new ConfigurationRefused(formatProblems(loaded.problems));
  const { configuration, policies } = loaded;
  const online = options.offline ? undefined : asking(configuration);
  try {
    const explained = await explainToken(extractToken(read.text), {
      providers: configuration.identity.agents,
      peopleClients: configuration.identity.people.clients,
      peopleIssuers: configuration.identity.people.issuers,
      roles: configuration.identity.roles,
      now: systemClock.wall(),
      ...online?.options,
    });
    const { who } = explained;
    const { inventory } = rulesOf(loaded, protocols);
    // What somebody whom nobody vouches for could request says nothing.
    const operations =
      who === undefined || explained.verdict === "refused"
        ? undefined
        : explain(policies, inventory, who, who.person !== undefined, who.person?.groups, systemClock.wall());
    if (options.json) say(jsonText(asJson(explained, operations)));
    else {
      const lines = [...formatTokenExplanation(explained)];
      if (operations !== undefined) lines.push("", operationsInWords(operations));
      say(lines.join("\n"));
    }
    return explained.verdict === "refused" ? 1 : 0;
  } finally {
    online?.close();
  }
}

type Given = { readonly text: string } | { readonly problem: string; readonly hint: string };

function readGiven(file: string | undefined): Given {
  const isInput = file === undefined || file === "-";
  if (isInput && process.stdin.isTTY)
    return {
      problem: "no token is given",
      hint: "mayflyd token FILE, or pipe one in: get-token | mayflyd token",
    };
  const from = isInput ? "standard input" : file;
  try {
    const bytes = readBounded(isInput ? 0 : file);
    if (bytes.length > MAX_FILE_BYTES)
      return { problem: `${from} is longer than 64 KiB`, hint: "it must hold one token and nothing else" };
    if (bytes.toString("latin1").trim() === "")
      return { problem: `${from} holds no token`, hint: "write the access token into it, and nothing else" };
    return { text: bytes.toString("utf8") };
  } catch (error) {
    return { problem: `${from} cannot be read: ${codeOf(error)}`, hint: "check the file's name" };
  }
}

/** Reads as far as the limit and one byte more. */
function readBounded(from: number | string): Buffer {
  const bytes = Buffer.alloc(MAX_FILE_BYTES + 1);
  const fd = typeof from === "number" ? from : openSync(from, "r");
  let length = 0;
  try {
    while (length < bytes.length) {
      const read = readSync(fd, bytes, length, bytes.length - length, null);
      if (read === 0) break;
      length += read;
    }
  } finally {
    if (typeof from === "string") closeSync(fd);
  }
  return bytes.subarray(0, length);
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : messageOf(error);
}

/** Reaches the providers for their keys and for introspection, as the gateway does. */
function asking(configuration: Configuration): {
  readonly options: Pick<ExplainOptions, "keysOf" | "isActive" | "askOkta">;
  readonly close: () => void;
} {
  const known = new Map<string, ProviderKeys>();
  const fetcher = (provider: TrustedProvider): ReturnType<typeof documentFetcher> =>
    documentFetcher(providerFetch(provider.ca), systemClock);
  const keysOf = (provider: TrustedProvider): ProviderKeys => {
    const keys = known.get(provider.issuer) ?? providerKeys(provider, fetcher(provider), systemClock);
    known.set(provider.issuer, keys);
    return keys;
  };
  const okta = createOktaApis({
    configuration,
    clock: systemClock,
    news: { changed: () => {}, ended: () => {} },
  });
  return {
    options: {
      keysOf,
      async askOkta(principal) {
        const asked = okta.asked(principal.issuer);
        const key = configuration.identity.agents.find(({ issuer }) => issuer === principal.issuer)?.oktaApi
          ?.key;
        if (asked === undefined || key?.isLoaded !== true)
          return { ...principal, groupsUnknown: "the secret of okta_api.key is not set here" };
        return withOktaFacts(principal, await asked.agents.ask(principal.client), asked.settings);
      },
      isActive: (provider) => {
        if (provider.introspection?.clientSecret.isLoaded !== true) return undefined;
        const ask = introspection(provider, keysOf(provider), fetcher(provider), systemClock, () => {});
        return (
          ask &&
          (({ token, subject }) => {
            const principal = { kind: "agent", issuer: provider.issuer, subject, client: subject } as const;
            return ask({ token, principal });
          })
        );
      },
    },
    close: () => {
      for (const keys of known.values()) keys.close();
      okta.close();
    },
  };
}

/** The part of a policy explanation that a token's own does not say already. */
function operationsInWords(explanation: Explanation): string {
  const text = formatExplanation(explanation);
  return text.slice(text.indexOf("\n\n") + 2).trimEnd();
}

function asJson(
  { who, heldAgainst, ...explained }: Awaited<ReturnType<typeof explainToken>>,
  operations: Explanation | undefined,
): object {
  return {
    accepted: explained.verdict !== "refused",
    ...explained,
    ...(heldAgainst === undefined ? {} : { held_against: heldAgainst }),
    ...(who === undefined ? {} : { who: whoAsJson(who) }),
    ...(operations === undefined
      ? {}
      : {
          requestable: operations.requestable,
          break_glass: operations.breakGlass,
          refused: operations.refused,
        }),
  };
}

function whoAsJson({ groupsFrom, ...who }: Principal): object {
  return { ...who, ...(groupsFrom === undefined ? {} : { groups_from: groupsFrom }) };
}
