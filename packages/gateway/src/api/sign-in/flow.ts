import * as z from "zod";
import type { SignInMethod } from "../../identity/sign-in/provider.ts";
import { SignInRefused } from "../../identity/sign-in/problems.ts";
import { messageOf } from "../../kernel/errors.ts";
import {
  cookieOf,
  dropCookie,
  sessionCookie,
  setSessionCookie,
  setSignInCookie,
  signInCookie,
} from "../admission/cookies.ts";
import type { EndpointResponse, OpenCall } from "../contract/endpoint.ts";
import { safeReturn } from "./return-path.ts";
import { problemPage } from "./problems.ts";
import { recordSignIn, refusedSignIn } from "./records.ts";

/** What a sign-in may begin with. */
export const beginQuery = z.object({
  return: z.string().max(2000).optional(),
  fresh: z
    .string()
    .regex(/^\d{1,6}$/, { error: "is not a number of seconds" })
    .optional(),
});

/** The longest `fresh`, seconds: a proof from longer ago than a day is none. */
const longestFresh = 86_400;

/** Sends the browser elsewhere: 303, so that it follows with a GET whatever it came with. */
function seeOther(location: string, ...cookies: readonly string[]): EndpointResponse {
  return {
    status: 303,
    headers: { location, ...(cookies.length === 0 ? {} : { "set-cookie": [...cookies] }) },
  };
}

/** Begins a sign-in, or shows the sign-in page with what is in the way. */
export async function beginSignIn(
  method: SignInMethod,
  call: OpenCall<unknown, z.output<typeof beginQuery>>,
): Promise<EndpointResponse> {
  const { services, query, rawHeaders } = call;
  const returnTo = safeReturn(query.return, services.url);
  try {
    if (!call.takeSignIn()) throw new SignInRefused("too_many", "rate limit");
    const fresh = query.fresh === undefined ? undefined : Math.min(Number(query.fresh), longestFresh) * 1000;
    const { redirect, binding } = await services.people.begin(method, {
      returnTo,
      ...(fresh === undefined ? {} : { fresh }),
      binding: cookieOf(rawHeaders, signInCookie),
      cookie: cookieOf(rawHeaders, sessionCookie),
    });
    return seeOther(redirect, setSignInCookie(binding, method === "saml"));
  } catch (thrown) {
    return refused(method, call, "begin", thrown, returnTo);
  }
}

/** Finishes a sign-in with what came back from the provider, and sends the browser where it wanted to go. */
export async function finishSignIn(
  method: SignInMethod,
  call: OpenCall,
  parameters: Readonly<Record<string, unknown>>,
): Promise<EndpointResponse> {
  const { services, rawHeaders } = call;
  try {
    if (!call.takeSignIn()) throw new SignInRefused("too_many", "rate limit");
    const { session, cookie, returnTo } = await services.people.finish(
      method,
      onlyOnce(parameters),
      {
        binding: cookieOf(rawHeaders, signInCookie),
        cookie: cookieOf(rawHeaders, sessionCookie),
        address: call.address,
        name: browserName(rawHeaders),
      },
      (made, verified) => recordSignIn(services.log, made, verified),
    );
    const seconds = (session.endsAt - services.clock.wall()) / 1000;
    return seeOther(returnTo, setSessionCookie(cookie, seconds), dropCookie(signInCookie));
  } catch (thrown) {
    return refused(method, call, "finish", thrown, "/");
  }
}

/** A refusal is a page and a record; what is no refusal of ours goes to the operator's log and says nothing. */
function refused(
  method: SignInMethod,
  call: OpenCall,
  step: "begin" | "finish",
  thrown: unknown,
  returnTo: string,
): EndpointResponse {
  const refusal =
    thrown instanceof SignInRefused
      ? thrown
      : new SignInRefused("unavailable", "a part of the gateway failed", thrown);
  call.recordRefusal(refusedSignIn(method, call.address, step, refusal));
  if (refusal.problem === "provider_away" || !(thrown instanceof SignInRefused)) {
    const cause: unknown = refusal.cause;
    call.services.logger.warn(
      {
        method,
        step,
        problem: refusal.problem,
        why: refusal.why,
        cause: cause === undefined ? "" : messageOf(cause),
      },
      "sign-in refused",
    );
  }
  return seeOther(problemPage(refusal.problem, returnTo));
}

/** A parameter that came twice arrives as a list: nobody could say which counts. */
function onlyOnce(parameters: Readonly<Record<string, unknown>>): Record<string, string> {
  const once: Record<string, string> = {};
  for (const [name, value] of Object.entries(parameters)) {
    if (typeof value !== "string") throw new SignInRefused("not_verified", "a parameter came twice");
    once[name] = value;
  }
  return once;
}

/** The browser as it calls itself, shortened, of plain characters: for the person to recognise it. */
function browserName(rawHeaders: readonly string[]): string {
  const at = rawHeaders.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === "user-agent");
  const name = at === -1 ? "" : (rawHeaders[at + 1] ?? "");
  return name.replaceAll(/[^\x20-\x7e]/g, "").slice(0, 200) || "unknown";
}
