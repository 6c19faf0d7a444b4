import { dirname, join } from "node:path";
import type { LeadsTo } from "./found.ts";
import type { Search } from "./search.ts";
import { items, member, text, yamlFile } from "./structured.ts";
import { serverOf } from "./urls.ts";
import { givenName, portNumber, target, targetText } from "./words.ts";

/** Finds what kubectl and programs in a pod take their login from. */
export async function findKubernetes(search: Search): Promise<void> {
  await findInKubeconfigs(search);
  await findServiceAccounts(search);
}

interface Named {
  readonly path: string;
  readonly value: unknown;
}

interface Kubeconfigs {
  readonly clusters: Map<string, Named>;
  readonly users: Map<string, Named>;
  readonly contexts: Map<string, Named>;
}

/**
 * KUBECONFIG lists files that are merged: the first to name something decides (Kubernetes documentation, "Organizing
 * Cluster Access Using kubeconfig Files"). ~/.kube/config lies here all the same when it is set.
 */
async function findInKubeconfigs(search: Search): Promise<void> {
  const own = search.home(".kube", "config");
  const listed = (search.env("KUBECONFIG") ?? "").split(":", 100).filter((path) => path !== "");
  const merged = emptyKubeconfigs();
  for (const path of listed) await merge(search, merged, search.path(path));
  await addUsers(search, merged);
  if (listed.some((path) => search.path(path) === own)) return;
  const alone = emptyKubeconfigs();
  await merge(search, alone, own);
  await addUsers(search, alone);
}

function emptyKubeconfigs(): Kubeconfigs {
  return { clusters: new Map(), users: new Map(), contexts: new Map() };
}

async function merge(search: Search, into: Kubeconfigs, path: string): Promise<void> {
  const value = await yamlFile(search, path);
  if (value === undefined || value === null) return;
  if (typeof value !== "object" || Array.isArray(value)) {
    search.unread(path, "no kubeconfig");
    return;
  }
  for (const kind of ["clusters", "users", "contexts"] as const)
    for (const item of items(member(value, kind))) {
      const name = text(member(item, "name"));
      if (name === undefined || into[kind].has(name)) continue;
      into[kind].set(name, { path, value: member(item, kind.slice(0, -1)) });
    }
}

async function addUsers(search: Search, { clusters, users, contexts }: Kubeconfigs): Promise<void> {
  for (const [name, { path, value }] of clusters) {
    const proxy = text(member(value, "proxy-url"));
    if (proxy !== undefined) search.proxy(`${path} (cluster ${shown(name)})`, proxy);
  }
  const clustersOf = new Map<unknown, Map<string, LeadsTo | undefined>>();
  for (const [context, { value }] of contexts) {
    const cluster = clusters.get(text(member(value, "cluster")) ?? "");
    const server = text(member(cluster?.value, "server"));
    const user = member(value, "user");
    const those = clustersOf.get(user) ?? new Map<string, LeadsTo | undefined>();
    clustersOf.set(user, those);
    those.set(context, server === undefined ? undefined : serverOf(server));
  }
  for (const [name, { path, value }] of users) {
    const how = await howOf(search, path, value);
    if (how === undefined) continue;
    const place = `${path} (user ${shown(name)})`;
    const leads = clustersOf.get(name);
    if (leads === undefined) search.add("kubernetes", place, `no context's (${how})`);
    for (const [context, leadsTo] of leads ?? [])
      search.add(
        "kubernetes",
        place,
        `${targetText(leadsTo, "a cluster without a server")}, context ${shown(context)} (${how})`,
        leadsTo,
      );
  }
}

/** How a user of a kubeconfig logs in; undefined where they cannot (Kubernetes documentation, "kubeconfig (v1)", AuthInfo). */
async function howOf(search: Search, path: string, user: unknown): Promise<string | undefined> {
  if (text(member(user, "token")) !== undefined) return "a token";
  const from = dirname(path);
  const tokenFile = text(member(user, "tokenFile"));
  if (tokenFile !== undefined && (await search.holdsAnything(search.path(tokenFile, from))))
    return "a token's file";
  if (text(member(user, "client-key-data")) !== undefined) return "a client certificate";
  const key = text(member(user, "client-key"));
  if (key !== undefined && (await search.holdsAnything(search.path(key, from))))
    return "a client certificate";
  if (text(member(user, "password")) !== undefined) return "a password";
  const provider = text(member(user, "auth-provider", "name"));
  if (provider !== undefined) return `auth provider ${shown(provider)}`;
  const command = text(member(user, "exec", "command"));
  return command === undefined ? undefined : `command ${shown(command)}`;
}

/** Tokens that Kubernetes and cloud providers put into a pod (Kubernetes documentation, "Accessing the API from a Pod"). */
async function findServiceAccounts(search: Search): Promise<void> {
  const secrets = search.system("/var/run/secrets");
  for (const issuer of await search.names(secrets))
    for (const folder of await search.names(join(secrets, issuer))) {
      const path = join(secrets, issuer, folder, "token");
      if (!(await search.holdsAnything(path))) continue;
      if (issuer !== "kubernetes.io") search.add("cloud", path, `a token of ${shown(issuer)}`);
      else search.add("kubernetes", path, "a service account's token", ownCluster(search));
    }
  for (const [variable, cloud] of [
    ["AWS_WEB_IDENTITY_TOKEN_FILE", "AWS"],
    ["AZURE_FEDERATED_TOKEN_FILE", "Azure"],
  ] as const) {
    const path = search.env(variable);
    if (path !== undefined && (await search.holdsAnything(search.path(path))))
      search.add("cloud", search.path(path), `${cloud}, a workload's identity token`);
  }
}

function ownCluster(search: Search): LeadsTo {
  const fallback = { host: "kubernetes.default.svc", port: 443 };
  const host = search.env("KUBERNETES_SERVICE_HOST");
  if (host === undefined) return fallback;
  const port = portNumber(search.env("KUBERNETES_SERVICE_PORT")) ?? 443;
  return target({ host, port: String(port) }) ?? fallback;
}

function shown(name: string): string {
  return givenName(name) ?? "without a plain name";
}
