import type { Answer } from "../senders/post.ts";
import { notFound, OktaApiError } from "./okta-error.ts";
import { change } from "./route.ts";
import type { Route } from "./route.ts";

/**
 * Okta's own endpoint for Global Token Revocation: whoever calls it has a person logged out everywhere.
 * @param revoke tells every app that has the setting
 */
export function universalLogoutRoutes(
  revoke: (login: string) => Promise<readonly Answer[]>,
): readonly Route[] {
  return [
    change(
      "POST",
      /^\/oauth2\/v1\/global-token-revocation$/,
      "okta.universalLogout.manage",
      async (org, { body }) => {
        const subject = body["sub_id"] as
          | { format?: unknown; email?: unknown; iss?: unknown; sub?: unknown }
          | undefined;
        const person =
          subject?.format === "email"
            ? org.settings.people.find((one) => one.email === subject.email)
            : subject?.format === "iss_sub" && subject.iss === org.settings.origin
              ? org.directory.person(String(subject.sub))
              : undefined;
        if (subject === undefined) throw new OktaApiError(400, "E0000001", "Api validation failed: sub_id");
        if (person === undefined) throw notFound(JSON.stringify(subject), "User");
        await revoke(person.login);
        return { status: 204 };
      },
    ),
  ];
}
