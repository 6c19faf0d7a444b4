import { createHash } from "node:crypto";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { SECURITY_EVENT_TYPE } from "../../identity/signals/ssf/receiver.ts";
import { messageOf } from "../../kernel/errors.ts";
import type { Endpoint } from "./endpoint.ts";
import { formType, parseForm } from "./forms.ts";
import { parseJson } from "./json.ts";
import { unsupportedMediaType } from "./replies.ts";

/**
 * Makes the API's own parsers the only ones: of JSON, of forms and of signed tokens.
 * @returns the SHA-256, base64url, of a request's JSON as it came, for endpoints that take signed bodies
 */
export function addBodyParsers(
  app: FastifyInstance,
  endpoints: readonly Endpoint[],
): (request: FastifyRequest) => string | undefined {
  const pathsOf = (wanted: readonly Endpoint[]): ReadonlySet<string | undefined> =>
    new Set(wanted.map(({ id }) => id.split(" ")[1]));
  const asBytes = pathsOf(endpoints.filter(({ bytes }) => bytes === true));
  const signed = pathsOf(endpoints.filter(({ isSigned }) => isSigned === true));
  const digests = new WeakMap<FastifyRequest, string>();
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (request, body, done) => {
    try {
      const bytes = typeof body === "string" ? Buffer.from(body) : body;
      if (asBytes.has(request.routeOptions.url)) {
        done(null, bytes);
        return;
      }
      if (signed.has(request.routeOptions.url))
        digests.set(request, createHash("sha256").update(bytes).digest("base64url"));
      done(null, bytes.length === 0 ? undefined : parseJson(bytes));
    } catch (thrown) {
      done(thrown instanceof Error ? thrown : new Error(messageOf(thrown)));
    }
  });

  // A signed token: whether it is one, its endpoint says.
  app.addContentTypeParser(SECURITY_EVENT_TYPE, { parseAs: "buffer" }, (request, body, done) => {
    const isTaken = asBytes.has(request.routeOptions.url);
    done(isTaken ? null : unsupportedMediaType(false), isTaken ? body : undefined);
  });

  app.addContentTypeParser(formType, { parseAs: "buffer" }, (_request, body, done) => {
    try {
      done(null, parseForm(body));
    } catch (thrown) {
      done(thrown instanceof Error ? thrown : new Error(messageOf(thrown)));
    }
  });

  return (request) => digests.get(request);
}
