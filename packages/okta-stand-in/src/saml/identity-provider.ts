import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { readForm } from "../http.ts";
import type { StandInPerson } from "../options.ts";
import { escapeHtml, loginPage, page } from "../pages.ts";
import { readAuthnRequest } from "./authn-request.ts";
import type { AuthnRequest } from "./authn-request.ts";
import { metadataXml } from "./metadata.ts";
import type { nameIdFormats } from "./names.ts";
import { ordinaryContent, responseXml } from "./response.ts";
import type { ResponseContent } from "./response.ts";
import { signElement } from "./signing.ts";
import type { SignOptions } from "./signing.ts";
import { newSamlKey } from "./signing-key.ts";
import type { SamlKey } from "./signing-key.ts";

/** An application as it is registered at the provider: who it is, and where answers go. */
export interface ServiceProvider {
  readonly entityId: string;
  readonly acs: string;
}

export interface SamlProviderSettings {
  /** Where the stand-in listens, for example `http://127.0.0.1:8080`. */
  readonly origin: string;
  readonly people: readonly StandInPerson[];
  /** The application's id at the provider; `exk1mayfly` when left out. */
  readonly app?: string;
  /** The attribute that holds a person's groups; `groups` when left out. */
  readonly groupsAttribute?: string;
  /** What the NameID looks like; Okta's default, `unspecified`, when left out. */
  readonly nameIdFormat?: keyof typeof nameIdFormats;
  /** The first signing key; made when left out. */
  readonly key?: SamlKey;
  /** Milliseconds since the epoch; the machine's clock when left out. */
  readonly now?: () => number;
  /** True for people who were deactivated. */
  readonly withdrawn?: (login: string) => boolean;
}

/** What is signed: as Okta's default the response and the assertion. */
export type Signed = "both" | "assertion" | "response" | "none";

/** A response to be made: whom it names, and whatever else it shall say instead of the ordinary. */
export interface Mint {
  readonly login: string;
  readonly inResponseTo?: string;
  readonly to?: ServiceProvider;
  readonly authnInstant?: number;
  readonly content?: Partial<ResponseContent>;
  /** Changes the document before it is signed. */
  readonly edit?: (xml: string) => string;
  readonly sign?: Signed;
  readonly key?: SamlKey;
  readonly signing?: SignOptions;
}

/** A SAML 2.0 identity provider in Okta's shapes, and the levers that tests pull. */
export interface SamlIdentityProvider {
  readonly entityId: string;
  readonly ssoUrl: string;
  readonly metadataUrl: string;
  /** The application that people are sent to when they start at the provider. */
  readonly serviceProviders: readonly ServiceProvider[];
  /** Registers an application. */
  register(serviceProvider: ServiceProvider): void;
  /** The provider's metadata document. */
  metadata(): string;
  /** Serves the provider's paths; false when the path is none of them. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<boolean>;
  /** A response as XML, signed. */
  response(mint: Mint): string;
  /** The key that signs now. */
  key(): SamlKey;
  /** Signs with a new key from now on; with `keep` (the default) metadata shows the old one as well. */
  rotateKey(options?: { readonly keep?: boolean }): Promise<void>;
}

/** Base64 of a document, as the HTTP-POST binding wants it (SAML Bindings 2.0, section 3.5.4). */
export function encodeResponse(xml: string): string {
  return Buffer.from(xml, "utf8").toString("base64");
}

/** The SAML side of the stand-in. It asks for no passwords. */
export async function samlIdentityProvider(settings: SamlProviderSettings): Promise<SamlIdentityProvider> {
  const app = settings.app ?? "exk1mayfly";
  const base = `/app/mayfly_saml_1/${app}/sso/saml`;
  const metadataPath = `/app/${app}/sso/saml/metadata`;
  const entityId = `http://www.okta.com/${app}`;
  const ssoUrl = `${settings.origin}${base}`;
  const now = settings.now ?? Date.now;
  const serviceProviders: ServiceProvider[] = [];
  const sessions = new Map<string, { readonly login: string; readonly at: number }>();
  const keys: SamlKey[] = [settings.key ?? (await newSamlKey())];
  const current = (): SamlKey => {
    const [first] = keys;
    if (first === undefined) throw new Error("the stand-in has no SAML key");
    return first;
  };

  const make = (mint: Mint): string => {
    const to = mint.to ?? serviceProviders[0];
    if (to === undefined) throw new Error("no service provider is registered at the stand-in");
    const person = settings.people.find(({ login }) => login === mint.login);
    const at = now();
    const content: ResponseContent = {
      ...ordinaryContent({
        entityId,
        acs: to.acs,
        audience: to.entityId,
        inResponseTo: mint.inResponseTo,
        nameId: mint.login,
        nameIdFormat: settings.nameIdFormat ?? "unspecified",
        attributes: {
          [settings.groupsAttribute ?? "groups"]: person?.groups ?? [],
          displayName: [person?.name ?? mint.login],
        },
        now: at,
        authnInstant: mint.authnInstant ?? at,
      }),
      ...mint.content,
    };
    const plain = responseXml(content);
    const edited = mint.edit?.(plain) ?? plain;
    const key = mint.key ?? current();
    const sign = mint.sign ?? "both";
    const withAssertion =
      (sign === "both" || sign === "assertion") && edited.includes(`ID="${content.assertionId}"`)
        ? signElement(edited, content.assertionId, key, mint.signing)
        : edited;
    return sign === "both" || sign === "response"
      ? signElement(withAssertion, content.responseId, key, mint.signing)
      : withAssertion;
  };

  const answer = (
    response: ServerResponse,
    to: ServiceProvider,
    relayState: string | undefined,
    xml: string,
  ): void => {
    const relay =
      relayState === undefined
        ? ""
        : `<input type="hidden" name="RelayState" value="${escapeHtml(relayState)}">`;
    const body = `<form method="post" action="${escapeHtml(to.acs)}"><input type="hidden" name="SAMLResponse" value="${encodeResponse(xml)}">${relay}<noscript><button>Continue</button></noscript></form><script>document.forms[0].submit()</script>`;
    sendPage(response, 200, page("Signing in", body));
  };

  const sso = async (request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> => {
    const parameter = url.searchParams.get("SAMLRequest");
    let asked: AuthnRequest | undefined;
    try {
      asked = parameter === null ? undefined : readAuthnRequest(parameter);
    } catch (error) {
      sendPage(response, 400, page("Bad request", `<p>${escapeHtml(String(error))}</p>`));
      return;
    }
    const to =
      asked === undefined
        ? serviceProviders[0]
        : serviceProviders.find(({ entityId: id }) => id === asked.issuer);
    if (to === undefined || (asked?.acs !== undefined && asked.acs !== to.acs)) {
      const who = asked === undefined ? "no application is registered" : `${asked.issuer} is not registered`;
      sendPage(response, 400, page("Bad request", `<p>${escapeHtml(who)}, or not with this ACS URL</p>`));
      return;
    }
    const inResponseTo = asked === undefined ? {} : { inResponseTo: asked.id };
    const relayState = url.searchParams.get("RelayState") ?? undefined;
    const cookie = /(?:^|; )saml_session=([0-9a-f]+)/.exec(request.headers.cookie ?? "")?.[1];
    if (request.method === "POST") {
      const login = (await readForm(request)).get("login") ?? "";
      const known = settings.people.some((person) => person.login === login);
      if (known && settings.withdrawn?.(login) !== true) {
        const id = randomBytes(16).toString("hex");
        const at = now();
        sessions.set(id, { login, at });
        response.setHeader("set-cookie", `saml_session=${id}; HttpOnly; Path=/app; SameSite=Lax`);
        answer(response, to, relayState, make({ login, to, authnInstant: at, ...inResponseTo }));
        return;
      }
    }
    const session = cookie === undefined ? undefined : sessions.get(cookie);
    const usable = session !== undefined && settings.withdrawn?.(session.login) !== true;
    if (usable && asked?.forceAuthn !== true && request.method !== "POST") {
      const { login, at } = session;
      answer(response, to, relayState, make({ login, to, authnInstant: at, ...inResponseTo }));
      return;
    }
    if (asked?.isPassive === true) {
      const code = "urn:oasis:names:tc:SAML:2.0:status:";
      const status = [`${code}Responder`, `${code}NoPassive`];
      answer(
        response,
        to,
        relayState,
        make({ login: "", to, sign: "response", content: { status }, ...inResponseTo }),
      );
      return;
    }
    sendPage(response, 200, loginPage(settings.people, to.entityId));
  };

  const metadata = (): string =>
    metadataXml({ entityId, ssoUrl, certificates: keys.map(({ certificate }) => certificate) });

  return {
    entityId,
    ssoUrl,
    metadataUrl: `${settings.origin}${metadataPath}`,
    serviceProviders,
    register: (serviceProvider) => void serviceProviders.push(serviceProvider),
    metadata,
    async handle(request, response) {
      const url = new URL(request.url ?? "/", settings.origin);
      if (url.pathname === metadataPath) {
        response.writeHead(200, {
          "content-type": "application/samlmetadata+xml",
          "cache-control": "no-store",
        });
        response.end(metadata());
        return true;
      }
      if (url.pathname !== base) return false;
      await sso(request, response, url);
      return true;
    },
    response: make,
    key: current,
    async rotateKey({ keep = true } = {}) {
      const fresh = await newSamlKey();
      keys.splice(0, keep ? 0 : keys.length, fresh);
    },
  };
}

function sendPage(response: ServerResponse, status: number, html: string): void {
  response.writeHead(status, { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" });
  response.end(html);
}
