import { addSubtree, nodesOf, stubsOf, type TreeEdge } from "@mayfly/audit-verifier";

/** Adds what stands for files that were dropped before a record. @throws what `refuse` makes of one that cannot be read */
export function addDropped(
  folder: string,
  tree: TreeEdge,
  before: number,
  refuse: (place: string, message: string) => Error,
): void {
  if (tree.size >= before) return;
  for (const found of stubsOf(folder)) {
    if (!("stub" in found)) throw refuse(found.file, found.error);
    const { first, count, roots } = found.stub;
    if (first !== tree.size || first >= before) continue;
    for (const [at, { width }] of nodesOf(first, count).entries())
      addSubtree(tree, width, roots[at] as Buffer);
  }
}
