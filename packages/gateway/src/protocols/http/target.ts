import * as z from "zod";
import { duration } from "../../kernel/durations.ts";
import { secretSchema, textFileSchema } from "../../kernel/secret.ts";
import { refuseHeaders, targetHeadersSchema } from "../../gate/web/target-headers.ts";

const MAX_TIMEOUT_MS = 600_000;

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
    headers: targetHeadersSchema.describe(
      "Headers that the gateway sets on every request, its credential among them",
    ),
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
    refuseHeaders(target.headers, (name, message, hint) => add(["headers", name], message, hint));
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
