/** What the provider's last page posts to the service provider. */
export interface PostedResponse {
  readonly acs: string;
  readonly samlResponse: string;
  readonly relayState: string | undefined;
}

/**
 * Signs a person in at the stand-in's SAML side as a browser would, without one.
 * @param url where the service provider sent the browser: the provider's address with its AuthnRequest
 * @param login whose button is pressed, should the provider ask
 * @param cookies what the provider set before, and sets now: keep it to come back as the same browser
 * @returns the form that the browser would post, not yet posted
 */
export async function signInWithSaml(
  url: string,
  login: string,
  cookies: Map<string, string> = new Map(),
): Promise<PostedResponse> {
  const visit = async (form?: URLSearchParams): Promise<string> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, {
      redirect: "manual",
      headers: cookie === "" ? {} : { cookie },
      ...(form === undefined ? {} : { method: "POST", body: form }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (name !== undefined && value !== undefined) cookies.set(name, value);
    }
    const html = await response.text();
    if (!response.ok) throw new Error(`the stand-in answered ${response.status}: ${html.slice(0, 800)}`);
    return html;
  };
  let html = await visit();
  if (html.includes('name="login"')) html = await visit(new URLSearchParams({ login }));
  const field = (name: string): string | undefined =>
    new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1];
  const acs = /<form method="post" action="([^"]*)"/.exec(html)?.[1];
  const samlResponse = field("SAMLResponse");
  if (acs === undefined || samlResponse === undefined)
    throw new Error(`the stand-in did not sign ${login} in: ${html.slice(0, 800)}`);
  return { acs: plain(acs), samlResponse, relayState: optional(field("RelayState")) };
}

const plain = (html: string): string =>
  html.replaceAll("&quot;", '"').replaceAll("&#39;", "'").replaceAll("&lt;", "<").replaceAll("&amp;", "&");
const optional = (html: string | undefined): string | undefined =>
  html === undefined ? undefined : plain(html);
