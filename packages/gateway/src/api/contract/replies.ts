import type { FastifyReply } from "fastify";
import type { MayflyError } from "../../kernel/errors.ts";
import { formType } from "./forms.ts";
import { ApiProblem, problemBody, problemType } from "./problems.ts";

/** Answers with a problem document (RFC 9457). */
export function sendProblem(reply: FastifyReply, problem: MayflyError): void {
  if (problem instanceof ApiProblem) reply.headers(problem.headers);
  if (problem.status === 503) reply.header("retry-after", "5");
  reply
    .code(problem.status)
    .type(problemType)
    .send(JSON.stringify(problemBody(problem)));
}

/** The refusal of a caller that is over its rate. @param ms until it may ask again */
export function tooManyRequests(whose: string, ms: number): ApiProblem {
  const seconds = Math.max(1, Math.ceil(ms / 1000));
  return new ApiProblem(
    "too_many_requests",
    429,
    `too many requests from ${whose}`,
    `try again in ${seconds} s`,
    {
      headers: { "retry-after": String(seconds) },
    },
  );
}

/** The refusal of a body of a media type that its endpoint does not take. */
export function unsupportedMediaType(isForm: boolean): ApiProblem {
  return new ApiProblem(
    "unsupported_media_type",
    415,
    "the body's content type is not what this endpoint takes",
    isForm ? `send content-type: ${formType}` : "send content-type: application/json",
  );
}
