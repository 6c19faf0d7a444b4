import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { leafHash, nodesOf, parseStub, segmentFile, stubsFolder, type Stub } from "@mayfly/audit-verifier";

/** The hashes that are left of files of records that were dropped. */
export interface DroppedNodes {
  /** Reads what was added since. */
  refresh(): void;
  /** What stands for the file that a record was dropped with; undefined: it was not dropped. */
  covering(seq: number): Stub | undefined;
  /** The root of a perfect subtree of dropped records, where it is known. */
  root(from: number, width: number): Buffer | undefined;
  /** A dropped record that is kept. */
  line(seq: number): string | undefined;
}

/** Reads them from a log's folder. */
export function droppedNodes(folder: string): DroppedNodes {
  const stubs = new Map<string, Stub>();
  const roots = new Map<string, Buffer>();
  const lines = new Map<number, string>();

  function add(stub: Stub): void {
    const nodes = nodesOf(stub.first, stub.count);
    for (const [at, { from, width }] of nodes.entries())
      roots.set(`${from} ${width}`, stub.roots[at] as Buffer);
    for (const { seq, line, proof } of stub.carried) {
      lines.set(seq, line);
      roots.set(`${seq} 1`, leafHash(Buffer.from(line)));
      // Beside the way from the record up: the neighbour of the subtree that it is in, level by level.
      for (const [level, hash] of proof.entries()) {
        const width = 2 ** level;
        const index = Math.floor(seq / width);
        roots.set(`${(index % 2 === 0 ? index + 1 : index - 1) * width} ${width}`, hash);
      }
    }
  }

  function refresh(): void {
    const path = join(folder, stubsFolder);
    if (!existsSync(path)) return;
    for (const name of readdirSync(path)) {
      if (!/^\d{12}\.json$/.test(name) || stubs.has(name)) continue;
      // Prepared, but not dropped yet.
      if (existsSync(join(folder, segmentFile(Number(name.slice(0, 12)))))) continue;
      const stub = parseStub(readFileSync(join(path, name), "utf8"));
      stubs.set(name, stub);
      add(stub);
    }
  }

  refresh();
  return {
    refresh,
    covering: (seq) => [...stubs.values()].find(({ first, count }) => seq >= first && seq < first + count),
    root: (from, width) => roots.get(`${from} ${width}`),
    line: (seq) => lines.get(seq),
  };
}
