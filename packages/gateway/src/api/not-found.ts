import type { FastifyReply, FastifyRequest } from "fastify";
import { noSuchPage } from "./console/pages.ts";
import type { Endpoint } from "./contract/endpoint.ts";
import { ApiProblem } from "./contract/problems.ts";
import { sendProblem } from "./contract/replies.ts";

/** Makes the answer to what no endpoint takes: 405 with the methods that the path has, a page for browsers, or 404. */
export function notFoundHandler(
  endpoints: readonly Endpoint[],
): (request: FastifyRequest, reply: FastifyReply) => void {
  const paths = pathTable(endpoints);
  return (request, reply) => {
    const path = request.url.split("?")[0] ?? "";
    const allowed = paths.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
    const page = allowed.length === 0 ? noSuchPage(request.method, path, request.headers) : undefined;
    if (page !== undefined) {
      reply
        .code(404)
        .headers(page.headers)
        .type(page.mediaType ?? "text/html")
        .send(page.body);
      return;
    }
    if (allowed.length === 0) {
      sendProblem(
        reply,
        new ApiProblem("not_found", 404, "there is nothing here", "GET /openapi.json lists every endpoint"),
      );
      return;
    }
    const allow = allowed.join(", ");
    sendProblem(
      reply,
      new ApiProblem(
        "method_not_allowed",
        405,
        `${request.method} is not something this path can do`,
        `it takes ${allow}`,
        {
          headers: { allow },
        },
      ),
    );
  };
}

function pathTable(endpoints: readonly Endpoint[]): { readonly method: string; readonly pattern: RegExp }[] {
  return endpoints.map(({ id }) => {
    const [method = "", path = ""] = id.split(" ");
    const source = path.replaceAll(".", String.raw`\.`).replaceAll(/\{\w+\}/g, "[^/]+");
    return { method, pattern: new RegExp(`^${source}$`) };
  });
}
