import * as z from "zod";
import { queryNumber } from "./audit.ts";
import { component } from "../../contract/components.ts";
import { endpoint } from "../../contract/endpoint.ts";

const MAX_PROOFS = 100;

const provedLine = z.object({
  seq: z.int().meta({ description: "The leaf's index in the Merkle tree" }),
  line: z.string().meta({
    description:
      "The record as it stands in the log, nothing joined to it; the leaf's hash is SHA-256(0x00 || its UTF-8 bytes)",
  }),
  proof: z
    .array(z.string())
    .meta({ description: "Inclusion proof (RFC 9162, section 2.1.3.1), from the leaf up, base64" }),
});

const proofsSchema = component(
  "AuditProofs",
  z.object({
    checkpoint: z.string().meta({ description: "The signed note (C2SP tlog-checkpoint)" }),
    key: z.string().meta({ description: "The C2SP signed-note verifier key that it verifies with" }),
    entries: z.array(provedLine).meta({ description: "Newest first" }),
    referenced: z.array(provedLine).meta({
      description:
        "Further records that the entries refer to, oldest first: the `session` of an act is the number of its session's opening record, and `detail.repeats` that of an act that says the members left out; and the `log.segment_dropped` records of the files of which entries are missing",
    }),
    rotations: z.array(z.string()).meta({
      description:
        "What each key of the log signed for the next, oldest first: signed notes of three lines, mayfly-log-key, the log's name and the next key",
    }),
  }),
);

/** Records with their proofs, so that a browser can check them by itself. */
export const getProofs = endpoint({
  id: "GET /v1/audit/proofs",
  operationId: "getProofs",
  summary: "Records with the proof that the newest checkpoint covers them, newest first",
  description:
    "Records written after that checkpoint are not among them yet. The proofs are against the size in the checkpoint.",
  query: z.strictObject({
    before: queryNumber.optional().meta({ description: "Only records below this sequence number" }),
    limit: queryNumber
      .refine((text) => Number(text) >= 1 && Number(text) <= MAX_PROOFS, {
        error: `is not 1 to ${MAX_PROOFS}`,
      })
      .optional()
      .meta({ description: "50 when left out" }),
  }),
  answers: { 200: { description: "The checkpoint and the records", schema: proofsSchema } },
  async handle({ services, query }) {
    const before = query.before === undefined ? undefined : Number(query.before);
    const { checkpoint, entries, referenced } = await services.reader.proofs(
      before,
      Number(query.limit ?? 50),
    );
    const { verifierKey: key } = services.reader;
    const rotations = await services.reader.rotations();
    return { status: 200, body: { checkpoint, key, entries, referenced, rotations } };
  },
});
