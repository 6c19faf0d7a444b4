import { call } from "./api.ts";
import type { World } from "./world.ts";

/** The cookies that an answer sets, as a browser sends them back. */
function cookiesOf(
  headers: Readonly<Record<string, unknown>>,
  before: readonly string[] = [],
): readonly string[] {
  const set = (headers["set-cookie"] ?? []) as readonly string[];
  const all = new Map([...before, ...set].map((line) => [line.split("=")[0], line.split(";")[0] ?? ""]));
  return [...all.values()].filter((cookie) => !cookie.endsWith("="));
}

/** Signs a person in at the gateway through OpenID Connect; answers the `Cookie` header of their session. */
export async function signInWithoutBrowser(world: World, login: string): Promise<string> {
  const { gateway, okta } = world;
  const begun = await call(gateway, undefined, "GET", "/sign-in/oidc");
  const jar = cookiesOf(begun.headers);
  const back = await okta.signIn(String(begun.headers["location"]), login);
  const done = await call(gateway, undefined, "GET", back, undefined, { cookie: jar.join("; ") });
  if (done.status !== 303) throw new Error(`not signed in: ${done.status} ${JSON.stringify(done.body)}`);
  return cookiesOf(done.headers, jar).join("; ");
}
