// oidc-provider knows a long-term release of Node by its name, and warns where there is none. The first months' versions of
// a line that is one today have no name yet. Imported before oidc-provider.
const { release } = process;
if (release.lts === undefined && Number.parseInt(process.versions.node, 10) >= 24)
  Object.defineProperty(release, "lts", { value: `Node ${process.versions.node}` });
