import * as z from "zod";
import { duration } from "../../kernel/durations.ts";
import { Secret, secretSchema, textFileSchema } from "../../kernel/secret.ts";

const MAX_TIMEOUT_MS = 600_000;

const headerName = z.string().regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}$/, "this is not a header's name");

/** A header's value: named as a secret is, or written where it is none. */
const headerValue = z.union(
  [secretSchema, z.string().regex(/^[\x20-\x7e]*$/, "a header's value is printable ASCII")],
  {
    error: "write { env: NAME } or { file: PATH } for a secret, or the value itself where it is none",
  },
);

/** Headers whose value is always a credential, so that it is never written out. */
const credentials = /^(?:authorization|cookie|.*(?:token|secret|password|api-?key).*)$/i;
/** Headers that the gateway makes itself. */
const own =
  /^(?:host|connection|content-length|transfer-encoding|upgrade|te|trailer|keep-alive|expect|proxy-.*)$/i;

const url = z.string().superRefine((written, context) => {
  const add = (message: string, hint: string): void =>
    context.addIssue({ code: "custom", message, params: { hint } });
  if (!URL.canParse(written)) return add("this is not a URL", "write https://HOST");
  const { protocol, username, password, search, hash, pathname } = new URL(written);
  if (protocol !== "https:" && protocol !== "http:")
    add("this must start with https://", "write https://HOST");
  if (username !== "" || password !== "")
    add(
      "a user name or password does not belong in this URL",
      "use basic: { user: …, password: { env: NAME } }",
    );
  if (search !== "" || hash !== "") add("this URL takes no query and no fragment", "end it after the path");
  if (/%|\/\/|\/\.{1,2}(?:\/|$)/.test(pathname))
    add("this URL's path can be read in two ways", "write it plainly");
});

/** How an HTTP API is reached: `http:` of a connection. */
export const targetSchema = z
  .strictObject({
    url: url.describe("Where the API is; a path in it stands before every request's path"),
    headers: z
      .record(headerName, headerValue)
      .default({})
      .describe("Headers that the gateway sets on every request, its credential among them"),
    basic: z
      .strictObject({ user: z.string().min(1), password: secretSchema })
      .optional()
      .describe("HTTP Basic authentication (RFC 7617)"),
    oauth: z
      .strictObject({
        token_url: z.string().refine((text) => URL.canParse(text), "this is not a URL"),
        client_id: z.string().min(1),
        client_secret: secretSchema,
        scope: z.string().optional(),
      })
      .optional()
      .describe("OAuth 2.0 client credentials (RFC 6749, section 4.4)"),
    client_certificate: z
      .strictObject({ certificate: textFileSchema, key: secretSchema })
      .optional()
      .describe("Mutual TLS: PEM"),
    ca: textFileSchema.optional().describe("PEM file of the CA that signed the API's certificate"),
    http2: z.boolean().default(false).describe("Speaks HTTP/2 to it, as gRPC needs"),
    allow_plaintext: z.boolean().default(false).describe("Lets the URL be http:// beyond this machine"),
    timeout: duration(1, MAX_TIMEOUT_MS)
      .prefault("30s")
      .describe("How long it may take until an answer begins"),
    cookies: z.array(z.string().min(1)).default([]).describe("Names of cookies whose Set-Cookie comes down"),
  })
  .superRefine((target, context) => {
    const add = (path: (string | number)[], message: string, hint: string): void =>
      context.addIssue({ code: "custom", path, message, params: { hint } });
    if (URL.canParse(target.url)) {
      const { protocol, hostname } = new URL(target.url);
      const loopback =
        hostname === "localhost" || hostname === "[::1]" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);
      if (protocol === "http:" && !loopback && !target.allow_plaintext)
        add(
          ["url"],
          "http:// sends the credential in the clear",
          "use https://, or set allow_plaintext: true",
        );
    }
    const token = target.oauth?.token_url ?? "";
    if (
      URL.canParse(token) &&
      !/^https:|^http:\/\/(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?:[:/]|$)/.test(token)
    )
      if (!target.allow_plaintext || !token.startsWith("http:"))
        add(
          ["oauth", "token_url"],
          "the client secret goes over https:// alone",
          "use https://, or set allow_plaintext: true",
        );
    for (const [name, value] of Object.entries(target.headers)) {
      if (own.test(name)) add(["headers", name], "the gateway makes this header itself", "remove it");
      else if (!(value instanceof Secret) && credentials.test(name))
        add(["headers", name], "a secret is named, never written", "write { env: NAME } or { file: PATH }");
    }
    const ways = [
      target.basic,
      target.oauth,
      target.headers["authorization"] ?? target.headers["Authorization"],
    ];
    if (ways.filter((way) => way !== undefined).length > 1)
      add([], "two of headers.authorization, basic and oauth say who the gateway is", "keep one");
  });

/** A target with its defaults filled in. */
export type HttpTarget = z.output<typeof targetSchema>;
