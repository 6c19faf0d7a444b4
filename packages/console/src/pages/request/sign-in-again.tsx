import type { Request, SignInMethods } from "@mayfly/sdk/browser";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { mayfly } from "../../api/client.ts";
import { useSession } from "../../api/session.ts";
import { Button } from "../../components/button.tsx";
import { spanText } from "../../components/duration.ts";
import { useNow } from "../../components/use-now.ts";
import { withReturn } from "../sign-in/return.ts";

type Method = SignInMethods["methods"][number];

/** Where a proof of who one is begins, no older than the policy wants it. */
export function freshUrl(url: string, seconds: number): string {
  return `${url}${url.includes("?") ? "&" : "?"}fresh=${seconds}`;
}

/** The way in which somebody signed in; the first of all where it is not offered any more. */
export function sameMethod(methods: readonly Method[] | undefined, kind: Method["kind"]): Method | undefined {
  return methods?.find((method) => method.kind === kind) ?? methods?.[0];
}

/** How to sign in again, in the words of the sign-in page. */
export interface SignInAgain {
  /** How old a sign-in may be, seconds. */
  readonly seconds: number;
  readonly label: string;
  readonly url: string;
}

/** What is known of a sign-in. Times are milliseconds since the epoch. */
export interface SignInAge {
  /** When the gateway says that the person proved who they are; by its clock. */
  readonly authenticatedAt: number | undefined;
  /** When this page read that; by this browser's clock. */
  readonly readAt: number;
  /** They come from the provider: this page was loaded right after. */
  readonly returned: boolean;
  /** The gateway has just said that it is too old. */
  readonly refused: boolean;
}

/**
 * Whether a sign-in is older than a rule wants it. Only ever announces: the gateway decides. Whoever comes from the
 * provider is believed for that long by this browser's clock alone, so that a clock that is wrong sends nobody in
 * circles.
 */
export function isTooOld(age: SignInAge, seconds: number, now: number): boolean {
  const { authenticatedAt, readAt, returned, refused } = age;
  if (refused) return true;
  const since = returned ? readAt : authenticatedAt;
  return since === undefined || now - since > seconds * 1000;
}

/**
 * How the signed-in person proves who they are, for a rule that wants a sign-in from the last `seconds`: by the way in
 * which they signed in. Undefined while their sign-in is fresh enough, and where no rule asks.
 */
export function useSignInAgain(
  seconds: number | undefined,
  known: Partial<Pick<SignInAge, "returned" | "refused">> = {},
): SignInAgain | undefined {
  const { authenticated_at, read_at, method } = useSession();
  const now = useNow();
  const { returned = false, refused = false } = known;
  const authenticatedAt = authenticated_at === undefined ? undefined : Date.parse(authenticated_at);
  const isOld =
    seconds !== undefined && isTooOld({ authenticatedAt, readAt: read_at, returned, refused }, seconds, now);
  const { data } = useQuery({
    queryKey: ["sign-in"],
    queryFn: () => mayfly.signInMethods(),
    enabled: isOld,
  });
  const found = isOld ? sameMethod(data, method) : undefined;
  return found === undefined || seconds === undefined
    ? undefined
    : { seconds, label: found.label, url: freshUrl(found.url, seconds) };
}

/** The same for a request: what its policy asks of whoever approves it. */
export function useSignInAgainFor(request: Request, returned: boolean): SignInAgain | undefined {
  return useSignInAgain(request.approval?.fresh_sign_in_seconds, { returned });
}

/** Says it, before anything is pressed. */
export function SignInAgainWords({ seconds }: { seconds: number }): ReactNode {
  return (
    <>
      <strong>Sign in again to approve:</strong> this needs a sign-in from the last {spanText(seconds)}.
    </>
  );
}

/** The one button that leads to the provider and back to `path`. `leave` is called before the page is left. */
export function SignInAgainButton({
  again,
  path,
  leave,
}: {
  again: SignInAgain;
  path: string;
  leave: () => void;
}): ReactNode {
  return (
    <Button
      variant="primary"
      onClick={() => {
        leave();
        location.assign(withReturn(again.url, path));
      }}
    >
      Sign in with {again.label}
    </Button>
  );
}
