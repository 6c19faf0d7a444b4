import { createHash, generateKeyPairSync } from "node:crypto";
import { openCheckpoint, parseVerifierKey, type Checkpoint } from "@mayfly/audit-verifier";
import { cosignatureOf, cosignerKey } from "./cosigner.ts";
import { startServer, type TestServer } from "./servers.ts";

/** Stands in for a witness (C2SP tlog-witness), written from the specification alone. */
export interface WitnessStandIn extends TestServer {
  readonly key: string;
  /** What its operator does: takes over a log's key. */
  addKey(origin: string, key: string): void;
}

interface Seen {
  readonly keys: string[];
  size: number;
  root: Buffer;
}

export async function startWitnessStandIn(name = "witness.test/w1"): Promise<WitnessStandIn> {
  const { privateKey } = generateKeyPairSync("ed25519");
  const logs = new Map<string, Seen>();

  function judge(body: string): { status: number; type?: string; body?: string } {
    const split = body.indexOf("\n\n");
    const [old = "", ...proof] = body.slice(0, split).split("\n");
    const note = body.slice(split + 2);
    const seen = logs.get(note.split("\n")[0] ?? "");
    if (seen === undefined) return { status: 404 };
    let checkpoint: Checkpoint;
    try {
      checkpoint = openCheckpoint(note, seen.keys.map(parseVerifierKey));
    } catch {
      return { status: 403 };
    }
    const size = Number(/^old (0|[1-9]\d*)$/.exec(old)?.[1]);
    if (!(size <= checkpoint.size) || proof.length > 63) return { status: 400 };
    const isConflict = size !== seen.size || (size === checkpoint.size && !seen.root.equals(checkpoint.root));
    if (isConflict) return { status: 409, type: "text/x.tlog.size", body: `${seen.size}\n` };
    const hashes = proof.map((line) => Buffer.from(line, "base64"));
    if (!isGrown(size, checkpoint.size, seen.root, checkpoint.root, hashes)) return { status: 422 };
    Object.assign(seen, { size: checkpoint.size, root: checkpoint.root });
    return { status: 200, body: cosignatureOf(name, privateKey, note, Math.floor(Date.now() / 1000)) };
  }

  const at = await startServer((request, response, body) => {
    const answer = request.url === "/add-checkpoint" ? judge(body) : { status: 404 };
    response.writeHead(answer.status, { "content-type": answer.type ?? "text/plain" });
    response.end(answer.body);
  });
  return {
    ...at,
    key: cosignerKey(name, privateKey),
    addKey(origin, key) {
      const seen = logs.get(origin) ?? { keys: [], size: 0, root: Buffer.alloc(0) };
      seen.keys.push(key);
      logs.set(origin, seen);
    },
  };
}

const sha256 = (...parts: readonly Buffer[]): Buffer =>
  createHash("sha256").update(Buffer.concat(parts)).digest();
const nodeOf = (left: Buffer, right: Buffer): Buffer => sha256(Buffer.of(1), left, right);

/** The verifier's walk of RFC 9162, section 2.1.4.2, step by step. */
export function isGrown(
  first: number,
  second: number,
  firstRoot: Buffer,
  secondRoot: Buffer,
  proof: readonly Buffer[],
): boolean {
  if (first === 0) return proof.length === 0;
  if (first === second) return proof.length === 0 && firstRoot.equals(secondRoot);
  const path = Number.isInteger(Math.log2(first)) ? [firstRoot, ...proof] : [...proof];
  let [fn, sn] = [first - 1, second - 1];
  while (fn % 2 === 1) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  const start = path.shift();
  if (start === undefined) return false;
  let [fr, sr] = [start, start];
  for (const c of path) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      [fr, sr] = [nodeOf(c, fr), nodeOf(c, sr)];
      if (fn % 2 === 0)
        do [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
        while (fn % 2 === 0 && fn !== 0);
    } else sr = nodeOf(sr, c);
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  return fr.equals(firstRoot) && sr.equals(secondRoot) && sn === 0;
}
