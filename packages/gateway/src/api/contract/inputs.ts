import type { FastifyRequest } from "fastify";
import type * as z from "zod";
import { ApiProblem } from "./problems.ts";

/**
 * Parses one part of a request with its schema.
 * @throws ApiProblem invalid_input (400), naming the members and never their values; not_found for a path
 * parameter, because a malformed id names nothing that exists
 */
export function parsePart(
  place: "path" | "query" | "headers" | "body",
  schema: z.ZodType | undefined,
  value: unknown,
): unknown {
  if (schema === undefined) {
    if (place === "query" && typeof value === "object" && value !== null && Object.keys(value).length > 0) {
      throw new ApiProblem("invalid_input", 400, "this path takes no query parameters", "leave them out");
    }
    return undefined;
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  if (place === "path") {
    throw new ApiProblem(
      "not_found",
      404,
      "there is nothing of that id",
      "check the id: req_… for requests, gr_… for grants",
    );
  }
  const errors = result.error.issues.slice(0, 20).map((issue) => ({
    at: [place, ...issue.path.map(String)].join("."),
    message: issue.message,
  }));
  throw new ApiProblem(
    "invalid_input",
    400,
    errors.map(({ at, message }) => `${at}: ${message}`).join("; "),
    "GET /openapi.json says what this endpoint takes",
    { members: { errors } },
  );
}

/** Where a request ends is in doubt: what follows on the connection may be a part of it (RFC 9112, section 6.1). */
const noMore: Readonly<Record<string, string>> = { connection: "close" };

/**
 * Refuses headers that two readers could understand differently (Node keeps the first of two and says nothing),
 * encoded bodies, and bodies where none belongs.
 * @throws ApiProblem 400 or 415
 */
export function checkHeaders(request: FastifyRequest): void {
  const once = new Set(["host", "content-length", "content-type", "transfer-encoding", "idempotency-key"]);
  const seen = new Set<string>();
  const { rawHeaders } = request.raw;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? "").toLowerCase();
    if (!once.has(name)) continue;
    if (seen.has(name))
      throw new ApiProblem("malformed_request", 400, `the request has two ${name} headers`, "send one", {
        headers: noMore,
      });
    seen.add(name);
  }
  // RFC 9112, section 6.1: node's parser frames by the last coding and says nothing of the others.
  const transfer = request.headers["transfer-encoding"];
  if (transfer !== undefined && transfer.toLowerCase() !== "chunked") {
    throw new ApiProblem(
      "malformed_request",
      400,
      "the request's transfer coding is not chunked",
      "send a content-length, or transfer-encoding: chunked",
      { headers: noMore },
    );
  }
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    throw new ApiProblem(
      "unsupported_media_type",
      415,
      "the body is encoded",
      "send it without content-encoding",
    );
  }
  const hasBody = seen.has("transfer-encoding") || Number(request.headers["content-length"] ?? 0) > 0;
  if (request.method === "GET" && hasBody) {
    throw new ApiProblem("body_not_allowed", 400, "a GET takes no body", "send none");
  }
}
