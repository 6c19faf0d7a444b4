// A bill of materials (CycloneDX) of one package, cut out of the whole workspace's. npm's own `--omit=dev` cannot make it: it
// leaves out what the workspace's root needs for development, even where a package ships with it, and keeps the
// development dependencies of packages.

/** What is read of a CycloneDX document; everything else is kept as it is. */
export interface Bill {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly components: readonly { readonly "bom-ref": string }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}

/** The name in a reference such as `@scope/name@1.2.3`. */
function nameOf(ref: string): string {
  return ref.slice(0, ref.lastIndexOf("@"));
}

/**
 * The bill of one package: itself, and whatever is installed with it.
 * @param whole the bill of the workspace
 * @param ref the package, as the bill refers to it
 * @param shippedWith for each of our packages, by its reference, the names that it needs where it is installed. Its
 *   other dependencies are for development. Packages of others have no such dependencies in a lock file.
 * @throws Error when something that ships is not in the bill
 */
export function billOf<B extends Bill>(
  whole: B,
  ref: string,
  shippedWith: ReadonlyMap<string, readonly string[]>,
): B {
  const edges = new Map(whole.dependencies.map((each) => [each.ref, each.dependsOn ?? []]));
  const kept = new Map<string, readonly string[]>();
  const waiting = [ref];
  for (const next of waiting) {
    if (kept.has(next)) continue;
    const all = edges.get(next);
    if (all === undefined) throw new Error(`${next} is not in the workspace's bill of materials`);
    const names = shippedWith.get(next);
    const missing = names?.filter((name) => !all.some((each) => nameOf(each) === name)) ?? [];
    if (missing.length > 0)
      throw new Error(
        `${next} ships with ${missing.join(", ")}, of which the bill of materials says nothing`,
      );
    const dependsOn = names === undefined ? all : all.filter((each) => names.includes(nameOf(each)));
    kept.set(next, dependsOn);
    waiting.push(...dependsOn);
  }
  const component = whole.components.find((each) => each["bom-ref"] === ref);
  if (component === undefined) throw new Error(`${ref} is no component of the workspace's bill of materials`);
  return {
    ...whole,
    metadata: { ...whole.metadata, component },
    components: whole.components.filter((each) => each["bom-ref"] !== ref && kept.has(each["bom-ref"])),
    dependencies: [...kept].map(([from, dependsOn]) => ({ ref: from, dependsOn })),
  };
}
