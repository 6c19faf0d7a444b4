import * as z from "zod";
import { bodyOf, MAX_ANSWER_BYTES, refusalIn } from "../../../gate/tools/answers.ts";
import { connectionInput, grantInput } from "../../../gate/tools/inputs.ts";
import { type Tool, tool } from "../../../gate/tools/tool.ts";

/** Headers that the loopback client sets itself, or that speak of a connection that is not the caller's. */
const RESERVED_HEADERS =
  /^(?:authorization|connection|content-length|cookie|expect|host|keep-alive|mayfly-grant|proxy-.*|te|trailer|transfer-encoding|upgrade)$/;
/** What a model needs to know of an answer's headers. */
const ANSWER_HEADERS = [
  "content-type",
  "content-range",
  "etag",
  "last-modified",
  "link",
  "location",
  "retry-after",
  "www-authenticate",
];

/** Makes one HTTP request. */
export const httpRequest: Tool = tool({
  name: "http_request",
  title: "Make one HTTP request",
  description:
    "Makes one request to an internal HTTP API under your active grant; the gateway adds the API's credential. The request is checked to the byte against what the grant covers " +
    "and recorded; what is refused says which rule refused and what to ask for instead. JSON comes back as JSON, other text as text, everything else as body_base64; " +
    "an answer past 256 KiB is cut (truncated: true): page with the API's own parameters, or a range header.",
  input: z.strictObject({
    connection: connectionInput,
    grant: grantInput,
    method: z.enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]).default("GET"),
    path: z
      .string()
      .max(8192)
      .regex(/^\/[\x21-\x7e]*$/, {
        error: "begins with / and is plain ASCII, percent-encoded where it must be",
      })
      .describe("Path and query, for example /v1/invoices/7?expand=lines"),
    headers: z
      .record(
        z.string().regex(/^[a-z0-9-]{1,64}$/),
        z
          .string()
          .max(4096)
          .regex(/^[\t\x20-\x7e]*$/),
      )
      .default({})
      .describe("Names in lower case"),
    body: z
      .union([z.string().max(65_536), z.record(z.string(), z.unknown()), z.array(z.unknown())])
      .optional()
      .describe("Text as it is sent, or JSON (content-type: application/json unless headers say otherwise)"),
  }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  async run({ connection, grant, method, path, headers: given, body }, call) {
    const headers = Object.fromEntries(
      Object.entries(given).filter(([name]) => !RESERVED_HEADERS.test(name)),
    );
    const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
    const result = await call.loopback.request({
      connection,
      grant,
      method,
      path,
      headers: { ...(text === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(text === undefined ? {} : { body: text }),
      bytes: MAX_ANSWER_BYTES,
    });
    const refusal = refusalIn(result, call, connection);
    if (refusal !== undefined) throw refusal;
    return {
      status: result.status,
      headers: Object.fromEntries(
        Object.entries(result.headers).filter(([name]) => ANSWER_HEADERS.includes(name)),
      ),
      ...bodyOf(result),
      ...(result.cut ? { truncated: true } : {}),
    };
  },
});
