import type { IncomingMessage, ServerResponse } from "node:http";
import { interactionPolicy } from "oidc-provider";
import type { Context, Provider } from "oidc-provider";
import { readForm } from "./http.ts";
import type { Person, Settings } from "./options.ts";
import { loginPage } from "./pages.ts";

const { Check } = interactionPolicy;

/**
 * The prompts of a stand-in: a person says who they are, nobody is asked for consent.
 * @param singleSignOn whether a browser that has signed in is let through until `prompt` or `max_age` say otherwise;
 * if not, every sign-in asks: whoever tries the demo is several people
 */
export function prompts(singleSignOn: boolean): unknown {
  const all = interactionPolicy.base();
  all.remove("consent");
  const { checks } = all.get("login");
  checks.add(
    new Check("offline", "nobody is asked", "login_required", (context) => {
      restoreOfflineAccess(context);
      return Check.NO_NEED_TO_PROMPT;
    }),
  );
  if (!singleSignOn)
    checks.add(
      new Check("always", "a person says who they are", "login_required", (context) =>
        context.oidc.result?.login === undefined ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT,
      ),
    );
  return all;
}

/** oidc-provider drops `offline_access` from requests without `prompt=consent` (OpenID Connect Core, 11); Okta keeps it. */
function restoreOfflineAccess({ query, oidc: { params } }: Context): void {
  const split = (scope: unknown): string[] => (typeof scope === "string" ? scope.split(" ") : []);
  const asked = split(query["scope"]);
  const kept = split(params["scope"]);
  if (asked.includes("offline_access") && !kept.includes("offline_access"))
    params["scope"] = [...kept, "offline_access"].join(" ");
}

/**
 * The page on which a person says who they are, and its answer.
 * @param accountOf what the provider calls this person
 * @param barred tells that a person is deactivated, or not assigned to the client: the sign-in then ends as Okta ends it, with access_denied
 */
export async function interact(
  settings: Settings,
  provider: Provider,
  accountOf: (person: Person) => string,
  barred: (login: string, clientId: string) => boolean,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const details = await provider.interactionDetails(request, response);
  if (request.method === "POST") {
    const login = (await readForm(request)).get("login") ?? "";
    const person = settings.people.find((one) => one.login === login);
    if (person !== undefined) {
      const accountId = accountOf(person);
      const { session } = details;
      if (session?.uid !== undefined && session.accountId !== undefined && session.accountId !== accountId) {
        // Another person at the same browser: the first one's session ends here, and nobody else is told.
        await (await provider.Session.findByUid(session.uid))?.destroy();
        delete session.uid;
        await details.save(details.exp - Math.floor(Date.now() / 1000));
      }
      const result = barred(login, String(details.params["client_id"]))
        ? {
            error: "access_denied",
            error_description: "User is not assigned to the client application.",
          }
        : { login: { accountId } };
      await provider.interactionFinished(request, response, result);
      return;
    }
  }
  response.writeHead(200, { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" });
  response.end(loginPage(settings.people, String(details.params["client_id"])));
}
