// One version for everything that ships: the one in the root's package.json. All others repeat it, because npm wants
// one in each package, and `--set` writes them all.

/** What a release reads of a package.json, or of a package's entry in package-lock.json. */
export interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** A version that is released as `latest`, or one with a suffix that is released as `next`. */
export function isVersion(text: string): boolean {
  return /^(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-[0-9A-Za-z]+(?:\.[0-9A-Za-z]+)*)?$/.test(text);
}

/** npm's dist-tag for a version: `npm install` without a version must never bring a pre-release. */
export function distTagOf(version: string): "latest" | "next" {
  return version.includes("-") ? "next" : "latest";
}

const dependencyLists = ["dependencies", "devDependencies"] as const;

/** What differs from the root's version, one line a place; empty when all agree. */
export function versionProblems(root: Manifest, packages: readonly Manifest[]): readonly string[] {
  const { version } = root;
  if (version === undefined || !isVersion(version))
    return [`package.json: version is ${JSON.stringify(version)}, not one like 1.2.3 or 1.2.3-rc.1`];
  const ours = new Set(packages.map(({ name }) => name));
  return packages.flatMap((each) => [
    ...(each.version === version ? [] : [`${each.name}: version is ${each.version}, not ${version}`]),
    ...dependencyLists.flatMap((list) =>
      Object.entries(each[list] ?? {})
        .filter(([name, range]) => ours.has(name) && range !== version)
        .map(([name, range]) => `${each.name}: ${list} asks for ${name} ${range}, not ${version}`),
    ),
  ]);
}

/** The manifest with a new version, also where it depends on one of `ours`. Keeps the order of members. */
export function withVersion<M extends Manifest>(manifest: M, version: string, ours: ReadonlySet<string>): M {
  const changed = dependencyLists
    .filter((list) => manifest[list] !== undefined)
    .map((list) => [list, repointed(manifest[list] ?? {}, version, ours)] as const);
  return { ...manifest, version, ...Object.fromEntries(changed) };
}

function repointed(
  dependencies: Readonly<Record<string, string>>,
  version: string,
  ours: ReadonlySet<string>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(dependencies).map(([name, range]) => [name, ours.has(name) ? version : range]),
  );
}
