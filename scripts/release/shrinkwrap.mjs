// npm-shrinkwrap.json of a package that ships: what its dependencies were when its tests passed, cut out of the
// workspace's lock file. npm installs exactly these, and checks each against its digest. It names no registry: each
// comes from the one that npm is configured with. Runs on the Node that the machine has: no dependencies here.

/** What npm reads of an installed package in a lock file, in the order in which npm writes it. */
const KEPT_MEMBERS = [
  "version",
  "integrity",
  "license",
  "bin",
  "dependencies",
  "engines",
  "optionalDependencies",
  "peerDependencies",
  "peerDependenciesMeta",
  "os",
  "cpu",
  "libc",
];

/** Where Node would look for a package, from a place of the lock file up to its root. */
function* candidates(from, name) {
  for (let at = from; ;) {
    if (!/(^|\/)node_modules$/.test(at)) yield `${at === "" ? "" : `${at}/`}node_modules/${name}`;
    if (at === "") return;
    at = at.includes("/") ? at.slice(0, at.lastIndexOf("/")) : "";
  }
}

/** The place of a dependency as a package finds it; undefined when it is not installed. */
function resolve(packages, from, name) {
  for (const place of candidates(from, name)) {
    const found = packages[place];
    if (found !== undefined) return found.link === true ? found.resolved : place;
  }
  return undefined;
}

/** What a package asks for: by name, and whether it can do without. */
function wants({
  dependencies = {},
  optionalDependencies = {},
  peerDependencies = {},
  peerDependenciesMeta = {},
}) {
  const asked = new Map();
  for (const name of Object.keys(peerDependencies))
    if (peerDependenciesMeta[name]?.optional !== true) asked.set(name, false);
  for (const name of Object.keys(dependencies)) asked.set(name, false);
  for (const name of Object.keys(optionalDependencies)) asked.set(name, true);
  return asked;
}

/**
 * The shrinkwrap of a package of the workspace. Our own packages are left to their exact versions: each is published
 * beside the others and brings a shrinkwrap of its own.
 * @param {{ packages: Record<string, any> }} lock the workspace's package-lock.json
 * @param {string} home the package's folder, such as packages/gateway
 * @throws Error when something that ships is not in the lock file, or is in it without a digest
 */
export function shrinkwrapOf(lock, home) {
  const { packages } = lock;
  const manifest = packages[home];
  const made = new Map();
  const waiting = [{ from: home, at: "" }];
  for (const { from, at } of waiting) {
    for (const [name, isOptional] of wants(packages[from])) {
      const place = resolve(packages, from, name);
      if (place === undefined) {
        if (isOptional) continue;
        throw new Error(`${from} ships with ${name}, which is not in package-lock.json`);
      }
      // One of ours is a folder of the workspace.
      if (!place.includes("node_modules/")) continue;
      const seen = [...candidates(at, name)].find((candidate) => made.has(candidate));
      if (seen !== undefined && made.get(seen).from === place) continue;
      // At the top, unless another version stands there or on the way: then beside whoever asks for it.
      const target = seen === undefined ? `node_modules/${name}` : `${at}/node_modules/${name}`;
      if (made.has(target)) throw new Error(`two versions of ${name} at ${target}`);
      const entry = packages[place];
      if (typeof entry.integrity !== "string")
        throw new Error(`package-lock.json holds no digest of ${place}`);
      if (entry.hasInstallScript === true)
        throw new Error(`${place} runs a script when it is installed: ship nothing that does`);
      made.set(target, { from: place, entry });
      waiting.push({ from: place, at: target });
    }
  }
  const { name, version, license, dependencies, bin, engines } = manifest;
  const root = { name, version, license, dependencies, bin, engines };
  const entries = [...made]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([place, { entry }]) => [
      place,
      Object.fromEntries(
        KEPT_MEMBERS.filter((member) => entry[member] !== undefined).map((member) => [member, entry[member]]),
      ),
    ]);
  return {
    name,
    version,
    lockfileVersion: 3,
    requires: true,
    packages: { "": root, ...Object.fromEntries(entries) },
  };
}
