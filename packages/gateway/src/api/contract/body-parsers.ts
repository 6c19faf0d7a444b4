import type { FastifyInstance } from "fastify";
import { SECURITY_EVENT_TYPE } from "../../identity/signals/ssf/receiver.ts";
import { messageOf } from "../../kernel/errors.ts";
import type { Endpoint } from "./endpoint.ts";
import { formType, parseForm } from "./forms.ts";
import { parseJson } from "./json.ts";
import { unsupportedMediaType } from "./replies.ts";

/** Makes the API's own parsers the only ones: of JSON, of forms and of signed tokens. */
export function addBodyParsers(app: FastifyInstance, endpoints: readonly Endpoint[]): void {
  const asBytes = new Set(endpoints.filter(({ bytes }) => bytes === true).map(({ id }) => id.split(" ")[1]));
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (request, body, done) => {
    try {
      const bytes = typeof body === "string" ? Buffer.from(body) : body;
      if (asBytes.has(request.routeOptions.url)) {
        done(null, bytes);
        return;
      }
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
}
