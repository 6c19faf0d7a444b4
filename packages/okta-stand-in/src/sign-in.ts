/**
 * Signs a person in as a browser would, without one: follows redirects, keeps cookies, submits the stand-in's forms.
 * @param url where the sign-in starts: an authorization URL (code with PKCE), or a device flow's
 * `verification_uri_complete`
 * @param login whose button it presses
 * @returns the redirect that leaves the stand-in, with its `code` and `state`; for a device flow, the last page's URL
 */
export async function signIn(url: string, login: string): Promise<string> {
  const jar = new Map<string, string>();
  const { origin } = new URL(url);
  let next = new URL(url);
  let form: URLSearchParams | undefined;
  for (let step = 0; step < 20; step += 1) {
    const response = await fetch(next, {
      redirect: "manual",
      headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join("; ") },
      ...(form === undefined ? {} : { method: "POST", body: form }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (name !== undefined && value !== undefined) jar.set(name, value);
    }
    const html = await response.text();
    const location = response.headers.get("location");
    if (location !== null) {
      const target = new URL(location, next);
      // A loopback redirect to a tool's own port leaves the stand-in as well.
      if (target.origin !== origin) return target.href;
      next = target;
      form = undefined;
      continue;
    }
    if (!response.ok) throw new Error(`the stand-in answered ${response.status}: ${html.slice(0, 500)}`);
    const found = formOf(html, login);
    if (found === undefined) return next.href;
    next = new URL(found.action ?? next.href, next);
    form = found.fields;
  }
  throw new Error("the sign-in did not end after 20 steps");
}

/** The form of a page, filled in; undefined on a page without one. */
function formOf(
  html: string,
  login: string,
): { action: string | undefined; fields: URLSearchParams } | undefined {
  const form = /<form[^>]*>/.exec(html)?.[0];
  if (form === undefined) return undefined;
  const fields = new URLSearchParams();
  for (const [input] of html.matchAll(/<input[^>]*type="hidden"[^>]*>/g)) {
    const name = /name="([^"]*)"/.exec(input)?.[1];
    if (name !== undefined) fields.set(name, /value="([^"]*)"/.exec(input)?.[1] ?? "");
  }
  if (html.includes('name="login"')) fields.set("login", login);
  return { action: /action="([^"]*)"/.exec(form)?.[1], fields };
}
