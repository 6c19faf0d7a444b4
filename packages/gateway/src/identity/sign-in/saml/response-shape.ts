import { assertion, exclusiveC14n, protocol, schemaInstance, signature } from "./names.ts";
import { any, one, perhaps, some } from "./shape.ts";
import type { Shape } from "./shape.ts";

/**
 * The allowed shape of a response: the schemas of SAML 2.0 and XML Signature, reduced to what sign-in uses. Extensions,
 * advice, encryption, objects inside signatures and holder-of-key are left out, so that a document has no place where a
 * second assertion, or the original of a wrapped one, could hide.
 */

const ds = (local: string, more: Partial<Shape> = {}): Shape => ({ namespace: signature, local, ...more });
const saml = (local: string, more: Partial<Shape> = {}): Shape => ({ namespace: assertion, local, ...more });
const samlp = (local: string, more: Partial<Shape> = {}): Shape => ({ namespace: protocol, local, ...more });

const inclusive: Shape = { namespace: exclusiveC14n, local: "InclusiveNamespaces", required: ["PrefixList"] };
const method = (local: string): Shape => ds(local, { required: ["Algorithm"] });
const withPrefixes = (local: string): Shape => ({ ...method(local), children: [perhaps(inclusive)] });
const textOf = (local: string): Shape => ds(local, { text: true });

const reference = ds("Reference", {
  required: ["URI"],
  children: [
    one(ds("Transforms", { children: [some(withPrefixes("Transform"))] })),
    one(method("DigestMethod")),
    one(textOf("DigestValue")),
  ],
});

/** KeyInfo is never trusted: the keys come from the operator's file. This is only what it may hold. */
const keyInfo = ds("KeyInfo", {
  children: [
    perhaps(textOf("KeyName")),
    perhaps(
      ds("KeyValue", {
        children: [one(ds("RSAKeyValue", { children: [one(textOf("Modulus")), one(textOf("Exponent"))] }))],
      }),
    ),
    any(
      ds("X509Data", {
        children: [
          perhaps(
            ds("X509IssuerSerial", {
              children: [one(textOf("X509IssuerName")), one(textOf("X509SerialNumber"))],
            }),
          ),
          perhaps(textOf("X509SubjectName")),
          any(textOf("X509Certificate")),
        ],
      }),
    ),
  ],
});

const signatureShape = ds("Signature", {
  optional: ["Id"],
  children: [
    one(
      ds("SignedInfo", {
        children: [
          one(withPrefixes("CanonicalizationMethod")),
          one(method("SignatureMethod")),
          one(reference),
        ],
      }),
    ),
    one(textOf("SignatureValue")),
    perhaps(keyInfo),
  ],
});

const issuer = saml("Issuer", { optional: ["Format"], text: true });
const nameQualifiers = ["Format", "NameQualifier", "SPNameQualifier", "SPProvidedID"];

const subject = saml("Subject", {
  children: [
    one(saml("NameID", { optional: nameQualifiers, text: true })),
    one(
      saml("SubjectConfirmation", {
        required: ["Method"],
        children: [
          one(
            saml("SubjectConfirmationData", {
              required: ["NotOnOrAfter", "Recipient"],
              optional: ["InResponseTo", "Address"],
            }),
          ),
        ],
      }),
    ),
  ],
});

const conditions = saml("Conditions", {
  required: ["NotOnOrAfter"],
  optional: ["NotBefore"],
  children: [
    some(saml("AudienceRestriction", { children: [some(saml("Audience", { text: true }))] })),
    perhaps(saml("OneTimeUse")),
    perhaps(
      saml("ProxyRestriction", { optional: ["Count"], children: [any(saml("Audience", { text: true }))] }),
    ),
  ],
});

const authnStatement = saml("AuthnStatement", {
  required: ["AuthnInstant"],
  optional: ["SessionIndex", "SessionNotOnOrAfter"],
  children: [
    perhaps(saml("SubjectLocality", { optional: ["Address", "DNSName"] })),
    one(
      saml("AuthnContext", {
        children: [
          perhaps(saml("AuthnContextClassRef", { text: true })),
          perhaps(saml("AuthnContextDeclRef", { text: true })),
          any(saml("AuthenticatingAuthority", { text: true })),
        ],
      }),
    ),
  ],
});

const attributeStatement = saml("AttributeStatement", {
  children: [
    some(
      saml("Attribute", {
        required: ["Name"],
        optional: ["NameFormat", "FriendlyName"],
        foreign: "any",
        children: [
          any(
            saml("AttributeValue", {
              text: true,
              foreign: [`{${schemaInstance}}type`, `{${schemaInstance}}nil`],
            }),
          ),
        ],
      }),
    ),
  ],
});

/** One assertion, with its own signature. */
export const assertionShape: Shape = saml("Assertion", {
  required: ["ID", "Version", "IssueInstant"],
  children: [
    one(issuer),
    one(signatureShape),
    one(subject),
    one(conditions),
    one(authnStatement),
    any(attributeStatement),
  ],
});

/** The same assertion after the verification of its signature, which removes the signature. */
export const verifiedAssertionShape: Shape = {
  ...assertionShape,
  children: (assertionShape.children ?? []).map((child) =>
    child.shape === signatureShape ? perhaps(signatureShape) : child,
  ),
};

const statusCode: Shape = samlp("StatusCode", {
  required: ["Value"],
  children: [perhaps(samlp("StatusCode", { required: ["Value"] }))],
});

/** The whole response; it has no assertion where nobody signed in. */
export const responseShape: Shape = samlp("Response", {
  required: ["ID", "Version", "IssueInstant", "Destination"],
  optional: ["InResponseTo", "Consent"],
  children: [
    perhaps(issuer),
    perhaps(signatureShape),
    one(samlp("Status", { children: [one(statusCode), perhaps(samlp("StatusMessage", { text: true }))] })),
    perhaps(assertionShape),
  ],
});
