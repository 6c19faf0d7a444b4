import type { AuditLog } from "../../../audit/log.ts";
import { plain } from "../../../configuration/freeze.ts";
import type { Configuration } from "../../../configuration/types.ts";
import type { RulesOfPeople } from "../../../identity/people-options.ts";
import type { SessionEnd } from "../../../identity/people.ts";
import { oidcSignIn } from "../../../identity/sign-in/oidc/oidc.ts";
import type { SignInProvider, UsedOnce } from "../../../identity/sign-in/provider.ts";
import { createSamlSignIn } from "../../../identity/sign-in/saml/create.ts";
import { readIdpMetadata } from "../../../identity/sign-in/saml/idp-metadata.ts";
import { canonicalJson, digestOf } from "../../../kernel/canonical.ts";
import type { Clock } from "../../../kernel/clock.ts";

/** What a way to sign in is made of, beside the configuration. */
export interface SignInParts {
  /** The gateway's own URL, without a slash at its end. */
  readonly url: string;
  readonly clock: Clock;
  readonly usedOnce: UsedOnce;
}

/**
 * What a configuration says about people.
 * @param before the rules in force, and what they were made from: providers that did not change go on, with the keys
 * that they hold
 */
export function peopleOf(
  { identity }: Configuration,
  parts: SignInParts,
  before?: { readonly configuration: Configuration; readonly rules: RulesOfPeople },
): RulesOfPeople {
  const { people, roles } = identity;
  const isSame =
    before !== undefined &&
    canonicalJson(plain(people, "value")) ===
      canonicalJson(plain(before.configuration.identity.people, "value"));
  return {
    // A secret that was changed at the provider ends nobody's session: who signed in stays who they are.
    digest: digestOf(plain(people, "none")),
    providers: isSame ? before.rules.providers : providersOf(identity.people, parts),
    roles,
    limits: people.sessions,
    groupsMaxAge: people.groupsMaxAge,
    ...(people.oidc === undefined ? {} : { client: people.oidc.clientId }),
  };
}

function providersOf(
  { oidc, saml }: Configuration["identity"]["people"],
  { url, clock, usedOnce }: SignInParts,
): readonly SignInProvider[] {
  const providers: SignInProvider[] = [];
  if (oidc !== undefined) providers.push(oidcSignIn({ settings: oidc, url, clock }));
  if (saml !== undefined) {
    const settings = {
      label: saml.label,
      provider: readIdpMetadata(saml.metadata),
      entityId: saml.entityId,
      acs: `${url}/sign-in/saml/acs`,
      groupsAttribute: saml.groupsAttribute,
      ...(saml.loginAttribute === undefined ? {} : { loginAttribute: saml.loginAttribute }),
      ...(saml.idAttribute === undefined ? {} : { idAttribute: saml.idAttribute }),
      allowProviderInitiated: saml.allowProviderInitiated,
      clockSkew: saml.clockSkew,
    };
    providers.push(createSamlSignIn(settings, { clock, usedOnce }));
  }
  return providers;
}

/** Records that a browser session ended before its time. Never throws: the session is over whatever the log says. */
export function recordSignOut(
  log: AuditLog,
  fault: (error: unknown) => void,
  { session, reason }: SessionEnd,
): void {
  try {
    log.append({
      type: "sign_out",
      principal: {
        kind: "person",
        issuer: session.issuer,
        subject: session.login,
        name: session.login,
      },
      session: session.id,
      detail: { method: session.method, reason },
    });
    log.sync().catch(fault);
  } catch (thrown) {
    fault(thrown);
  }
}
