import * as z from "zod";
import { recordTypes } from "../records.ts";
import type { Lane, LogQuestion } from "./port.ts";

/** Acts that one question may name: no more than events read of another log in one go. */
const MAX_SEQS = 1000;
/** Records of a page. */
const MAX_LIMIT = 1000;
/** What the API lets a filter be, at most, characters. */
const MAX_WORD_LENGTH = 200;

const word = z.string().min(1).max(MAX_WORD_LENGTH);
const count = z.int().min(0);

/**
 * A question as it stands in the store: whoever holds the store's role can put one there. What a newer gateway asks with a
 * member that is not known here has no answer: one that leaves a filter out would say too much.
 */
const questionSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("search"),
    query: z.strictObject({
      types: z.array(z.enum(recordTypes)).max(recordTypes.length).optional(),
      principal: word.optional(),
      connection: word.optional(),
      operation: word.optional(),
      request: word.optional(),
      grant: word.optional(),
      session: word.optional(),
      decision: z.enum(["permit", "deny"]).optional(),
      text: word.optional(),
      from: z.number().optional(),
      to: z.number().optional(),
      before: count.optional(),
      limit: z.int().min(1).max(MAX_LIMIT),
    }),
  }),
  z.strictObject({ kind: z.literal("read"), seqs: z.array(count).max(MAX_SEQS) }),
  z.strictObject({ kind: z.literal("payload"), digest: z.string().regex(/^sha256:[0-9a-f]{64}$/) }),
]);

/** Reads a question. @throws Error where it is none */
export function readQuestion(text: string): LogQuestion {
  return questionSchema.parse(JSON.parse(text)) as LogQuestion;
}

/** Where a question waits: a search may read a whole log, and what is read by its name must not wait for it. */
export const laneOf = ({ kind }: LogQuestion): Lane => (kind === "search" ? "search" : "read");
