// A small log as the gateway would serve it, built with node's own hashes and signatures: the other side of the check.
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import {
  addLeaf,
  emptyTree,
  inclusionProof,
  leafHash,
  makeCheckpoint,
  rootOf as rootOfTree,
  verifierKeyOf,
} from "@mayfly/audit-verifier";
import type { ProofsAnswer } from "../prove.ts";

export interface TestLog {
  readonly key: string;
  readonly lines: string[];
  /** What the endpoint answers, against the head of `size` records. */
  answer(asked?: { before?: number; limit?: number; size?: number }): ProofsAnswer;
  root(size?: number): Buffer;
}

function rootOf(leaves: readonly Buffer[]): Buffer {
  const tree = emptyTree();
  for (const leaf of leaves) addLeaf(tree, leaf);
  return rootOfTree(tree);
}

export function testLog(
  count: number,
  options: { name?: string; key?: KeyObject; line?: (seq: number) => string } = {},
): TestLog {
  const name = options.name ?? "mayfly.test";
  const privateKey = options.key ?? generateKeyPairSync("ed25519").privateKey;
  const lines = Array.from(
    { length: count },
    (_, seq) =>
      options.line?.(seq) ??
      `{"detail":{"reason":"TICKET-${seq} — für ☃"},"seq":${seq},"time":"2026-01-01T12:00:00.000Z","type":"request.created"}`,
  );
  const leaves = (size: number): Buffer[] => lines.slice(0, size).map((line) => leafHash(Buffer.from(line)));
  return {
    key: verifierKeyOf(name, privateKey).text,
    lines,
    root: (size = lines.length) => rootOf(leaves(size)),
    answer({ before, limit = 50, size = lines.length } = {}) {
      const all = leaves(size);
      const end = Math.min(before ?? size, size);
      const entries = [];
      for (let seq = end - 1; seq >= Math.max(0, end - limit); seq--)
        entries.push({
          seq,
          line: lines[seq] as string,
          proof: inclusionProof(seq, size, (from, to) => rootOf(all.slice(from, to))).map((node) =>
            node.toString("base64"),
          ),
        });
      return {
        checkpoint: makeCheckpoint({ origin: name, size, root: rootOf(all) }, [{ name, key: privateKey }]),
        key: verifierKeyOf(name, privateKey).text,
        entries,
      };
    },
  };
}
