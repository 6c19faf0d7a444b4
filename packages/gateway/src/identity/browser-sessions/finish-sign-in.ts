import { isWithinMaxAge } from "../max-age.ts";
import type { People, SignInDone } from "../people.ts";
import type { PeopleOptions } from "../people-options.ts";
import type { SignedIn, SignInAnswer, SignInProvider } from "../sign-in/provider.ts";
import { SignInRefused } from "../sign-in/problems.ts";
import { isBrowserSecret } from "../sign-in/secrets.ts";
import type { TakenTransaction, Transactions } from "../sign-in/transactions.ts";
import { CLOCK_SKEW_MS } from "../tokens/check.ts";
import { heldBefore, type SessionKeeper } from "./keeper.ts";
import type { Logouts } from "./logouts.ts";
import { newSession } from "./new-session.ts";
import { verifiedOf } from "./principal.ts";
import type { BrowserSession } from "./store.ts";

/** Why a session ended, where the provider said so. */
export const ENDED_BY_PROVIDER = "the identity provider ended it";
/** Sessions one person may have at a time; the oldest gives way. */
const MAX_SESSIONS_PER_PERSON = 16;

type Browser = Parameters<People["finish"]>[2];
type Answered = Parameters<People["finish"]>[1];

export interface FinishParts {
  readonly options: Pick<PeopleOptions, "store" | "clock">;
  readonly keeper: SessionKeeper;
  readonly transactions: Transactions;
  readonly logouts: Logouts;
}

/** Finishes a sign-in: see `People.finish`. */
export async function finishSignIn(
  parts: FinishParts,
  provider: SignInProvider,
  parameters: Answered,
  browser: Browser,
  record: Parameters<People["finish"]>[3],
): Promise<SignInDone> {
  const { keeper } = parts;
  const { clock } = parts.options;
  const { method } = provider;
  const handle = parameters[method === "oidc" ? "state" : "RelayState"];
  // What is not a handle of ours names no sign-in; a provider may begin one itself where that is switched on.
  const taken = isBrowserSecret(handle)
    ? await parts.transactions.consume(method, handle, browser.binding)
    : undefined;
  const signedIn = await finishAt(provider, parameters, taken);
  const fresh = taken?.transaction.fresh;
  if (
    fresh !== undefined &&
    !isWithinMaxAge(signedIn.authenticatedAt ?? 0, fresh + CLOCK_SKEW_MS, clock.wall())
  ) {
    throw new SignInRefused("not_fresh", "the proof is older than was asked for");
  }
  const { session, cookie } = newSession(signedIn, {
    method,
    rules: keeper.rules.digest,
    absolute: keeper.rules.limits.absolute,
    now: clock.wall(),
    address: browser.address,
    name: browser.name,
  });
  const verified = verifiedOf(keeper.still(session), keeper.rules.roles);
  await record(session, verified);
  const ended = await replaceSessions(parts, session, browser, taken);
  await refuseEnded(parts, session, taken);
  // From here on it is measured on this process's monotonic clock as well.
  keeper.ends.used(session);
  if (signedIn.live !== undefined) keeper.groups.hold(session.id, signedIn.live);
  return { session, verified, cookie, returnTo: taken?.transaction.returnTo ?? "/", ended };
}

/** Whatever else goes wrong at the provider's answer is a refusal as well. */
async function finishAt(
  provider: SignInProvider,
  parameters: Answered,
  taken: TakenTransaction | undefined,
): Promise<SignedIn> {
  try {
    return await provider.finish({ parameters, ...(taken === undefined ? {} : { begun: begunOf(taken) }) });
  } catch (thrown) {
    if (thrown instanceof SignInRefused) throw thrown;
    throw new SignInRefused("not_verified", "it could not be read", thrown);
  }
}

function begunOf({ handle, binding, transaction }: TakenTransaction): NonNullable<SignInAnswer["begun"]> {
  const { fresh, keep, beganAt } = transaction;
  return { handle, binding, ...(fresh === undefined ? {} : { fresh }), keep, at: beganAt };
}

/** Keeps the new session, and ends those whose place it takes. @returns their ids */
async function replaceSessions(
  { options, keeper }: FinishParts,
  session: BrowserSession,
  browser: Browser,
  taken: TakenTransaction | undefined,
): Promise<string[]> {
  const gone: string[] = [];
  for (const old of await options.store.create(session, MAX_SESSIONS_PER_PERSON)) {
    gone.push(old.id);
    keeper.over(old, "too many sessions of one person");
  }
  // Rotated: what the browser held before is worth nothing from now on. SAML's answer comes without the session's
  // cookie, so that the transaction has to remember it.
  const before = await heldBefore(options.store, browser.cookie, taken?.transaction.replaces);
  const ended = await keeper.endEach(before, "signed in again in the same browser");
  return [...gone, ...ended.map(({ id }) => id)];
}

/** @throws SignInRefused where the provider ended the session, or all of its person's, while it was begun */
async function refuseEnded(
  { keeper, logouts }: FinishParts,
  session: BrowserSession,
  taken: TakenTransaction | undefined,
): Promise<void> {
  const cut = keeper.cutOf(session, taken?.transaction.beganAt ?? session.signedInAt);
  const isOvertaken = async (): Promise<boolean> =>
    taken !== undefined && (await logouts.overtook(session, taken.transaction.beganAt));
  if (cut === undefined && !(await isOvertaken())) return;
  await keeper.endOne(session, cut ?? ENDED_BY_PROVIDER);
  throw new SignInRefused("expired", "the provider ended it meanwhile");
}
