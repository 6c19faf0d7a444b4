import { Readable } from "node:stream";
import * as z from "zod";
import { endpoint } from "../../contract/endpoint.ts";
import { logsOf } from "./audit.ts";
import { ApiProblem } from "../../contract/problems.ts";

/** What a record keeps beside the log: a recording's part, a long text. */
export const getPayload = endpoint({
  id: "GET /v1/audit/payloads/{digest}",
  operationId: "getPayload",
  summary: "What a record refers to by its SHA-256: a part of a recording, a long text",
  description:
    "The digest is the part of a reference's `payload` behind `sha256:`; the bytes are checked against it. The parts of a recording, in order, are one asciicast (version 2). Its control sequences are those that a command wrote: whoever shows them on a terminal filters them first.",
  params: z.strictObject({
    digest: z.string().regex(/^[0-9a-f]{64}$/, { error: "is not the 64 hexadecimal digits of a SHA-256" }),
  }),
  answers: {
    200: { description: "The bytes", schema: z.string(), mediaType: "application/octet-stream" },
  },
  async handle({ services, params }) {
    const bytes = await logsOf(services).payload(`sha256:${params.digest}`);
    if (bytes === undefined)
      throw new ApiProblem(
        "not_found",
        404,
        "nothing is kept under this digest here",
        "it was erased or archived, or a gateway keeps it that does not answer now",
      );
    return { status: 200, mediaType: "application/octet-stream", stream: Readable.from([bytes]) };
  },
});
