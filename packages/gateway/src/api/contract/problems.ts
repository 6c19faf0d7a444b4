import { STATUS_CODES } from "node:http";
import * as z from "zod";
import { MayflyError } from "../../kernel/errors.ts";
import { component } from "./components.ts";

/** The media type of every error (RFC 9457). */
export const problemType = "application/problem+json";

/** An error as the API answers it (RFC 9457), with Mayfly's own members. */
export const problemSchema = component(
  "Problem",
  z.object({
    type: z.string().meta({ description: "urn:mayfly:problem: and the code" }),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: "What happened" }),
    code: z.string().meta({ description: "Stable and machine-readable, in snake case" }),
    hint: z.string().optional().meta({ description: "What to do about it" }),
    reasons: z.array(z.string()).optional().meta({ description: "Of a denial: why, policy by policy" }),
    request: z.string().optional().meta({ description: "The request that was denied" }),
    errors: z
      .array(z.object({ at: z.string(), message: z.string() }))
      .optional()
      .meta({ description: "Of an invalid input: what is wrong where" }),
    max_age: z
      .int()
      .optional()
      .meta({ description: "Of sign_in_again: how many seconds ago the new proof may be (RFC 9470)" }),
    sign_in: z
      .array(z.string())
      .optional()
      .meta({ description: "Of sign_in_again: where a browser proves it; add return=/path" }),
    instance: z.string().optional().meta({ description: "Names this answer in the gateway's own log" }),
  }),
);

/** A problem's own members beside those every problem has. */
export type ProblemMembers = Partial<
  Pick<z.infer<typeof problemSchema>, "reasons" | "request" | "errors" | "max_age" | "sign_in" | "instance">
>;

/** A MayflyError that also carries headers and further members for its answer. */
export class ApiProblem extends MayflyError {
  readonly headers: Readonly<Record<string, string>>;
  readonly members: ProblemMembers;

  constructor(
    code: string,
    status: number,
    message: string,
    hint: string,
    more: { headers?: Readonly<Record<string, string>>; members?: ProblemMembers } = {},
  ) {
    super(code, message, { status, hint });
    this.headers = more.headers ?? {};
    this.members = more.members ?? {};
  }
}

/** The body of an error's answer. */
export function problemBody(error: MayflyError): z.infer<typeof problemSchema> {
  return {
    type: `urn:mayfly:problem:${error.code}`,
    title: STATUS_CODES[error.status] ?? "Error",
    status: error.status,
    detail: error.message,
    code: error.code,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error instanceof ApiProblem ? error.members : {}),
  };
}

/** What Fastify itself refuses, by its status, in our words; its own message may quote what came in. */
const frameworkProblems: Readonly<Record<number, readonly [string, string, string]>> = {
  400: [
    "malformed_request",
    "the request is malformed",
    "check the URL, the headers and the body against /openapi.json",
  ],
  404: ["not_found", "there is nothing here", "GET /openapi.json lists every endpoint"],
  408: ["request_timeout", "the request took too long to arrive", "send the whole request within 30 s"],
  413: ["body_too_large", "the body is larger than 64 KiB", "send less"],
  414: ["url_too_long", "a part of the URL is too long", "check the id"],
  415: [
    "unsupported_media_type",
    "the body's content type is not application/json",
    "send content-type: application/json",
  ],
  431: ["headers_too_large", "the request's headers are too large", "send fewer or shorter headers"],
  503: ["stopping", "the gateway is stopping", "try again in a few seconds"],
};

/**
 * Turns anything thrown into a problem. What is not a MayflyError and not the framework's refusal becomes
 * `internal`, with nothing of it in the answer.
 * @param instance names the answer in the gateway's log
 */
export function asProblem(thrown: unknown, instance: string): MayflyError {
  if (thrown instanceof MayflyError) return thrown;
  const status =
    typeof thrown === "object" && thrown !== null && "statusCode" in thrown && "code" in thrown
      ? Number(thrown.statusCode)
      : 500;
  const known = frameworkProblems[status];
  if (known !== undefined) return new ApiProblem(known[0], status, known[1], known[2]);
  return new ApiProblem(
    "internal",
    500,
    "Mayfly failed to answer; nothing was permitted by this",
    `the operator finds the cause in the gateway's log under ${instance}`,
    { members: { instance } },
  );
}
