import { addLogin, loginOf } from "./connection-strings.ts";
import type { FoundCredential, LeadsTo } from "./found.ts";
import { findNamedFiles } from "./postgres.ts";
import type { Search } from "./search.ts";
import { canBeSecret, isSecretName } from "./secret-names.ts";
import { serverOf } from "./urls.ts";
import { isMarkedToken, isPrivateKey, isReference, target, targetList, targetText } from "./words.ts";

/** A variable of the environment, or of a file that is loaded into it. */
export interface Variable {
  readonly name: string;
  readonly value: string;
  readonly place: string;
  /** See `FoundProxy`. */
  readonly isOfFolder?: boolean;
}

type Lookup = (name: string) => string | undefined;

interface Known {
  readonly kind: FoundCredential["kind"];
  readonly name: string;
  /** Where it leads to by the variables beside it. */
  readonly targets?: (get: Lookup) => readonly LeadsTo[];
}

const host =
  (name: string): (() => readonly LeadsTo[]) =>
  () => [{ host: name, port: 443 }];
const server =
  (name: string): ((get: Lookup) => readonly LeadsTo[]) =>
  (get) => {
    const found = serverOf(get(name) ?? "");
    return found === undefined ? [] : [found];
  };

/** Variables that well-known clients take their login from. */
const KNOWN: Readonly<Record<string, Known>> = {
  // PostgreSQL documentation, "Environment Variables".
  PGPASSWORD: {
    kind: "postgres",
    name: "PostgreSQL, on the host that the client names",
    targets: postgresTargets,
  },
  // MySQL manual, "Environment Variables".
  MYSQL_PWD: { kind: "mysql", name: "MySQL, on the host that the client names", targets: mysqlTargets },
  REDISCLI_AUTH: { kind: "database", name: "Redis, on the host that the client names" },
  // AWS CLI user guide, "Environment variables".
  AWS_SECRET_ACCESS_KEY: { kind: "cloud", name: "AWS" },
  AWS_SESSION_TOKEN: { kind: "cloud", name: "AWS, a session" },
  AWS_BEARER_TOKEN_BEDROCK: { kind: "cloud", name: "AWS Bedrock" },
  // Azure Identity, "EnvironmentCredential".
  AZURE_CLIENT_SECRET: { kind: "cloud", name: "Azure, a service principal" },
  ARM_CLIENT_SECRET: { kind: "cloud", name: "Azure, a service principal" },
  GOOGLE_OAUTH_ACCESS_TOKEN: { kind: "cloud", name: "Google Cloud" },
  CLOUDSDK_AUTH_ACCESS_TOKEN: { kind: "cloud", name: "Google Cloud" },
  DIGITALOCEAN_ACCESS_TOKEN: { kind: "cloud", name: "DigitalOcean", targets: host("api.digitalocean.com") },
  HCLOUD_TOKEN: { kind: "cloud", name: "Hetzner Cloud", targets: host("api.hetzner.cloud") },
  CLOUDFLARE_API_TOKEN: { kind: "cloud", name: "Cloudflare", targets: host("api.cloudflare.com") },
  // gh help environment; GitLab's documentation of glab.
  GH_TOKEN: { kind: "git", name: "GitHub", targets: host("api.github.com") },
  GITHUB_TOKEN: { kind: "git", name: "GitHub", targets: host("api.github.com") },
  GH_ENTERPRISE_TOKEN: { kind: "git", name: "GitHub Enterprise", targets: server("GH_HOST") },
  GITLAB_TOKEN: { kind: "git", name: "GitLab", targets: server("GITLAB_HOST") },
  NPM_TOKEN: { kind: "registry", name: "npm" },
  NODE_AUTH_TOKEN: { kind: "registry", name: "npm" },
  DOCKER_AUTH_CONFIG: { kind: "registry", name: "container registries" },
  // Hugging Face Hub's documentation, "Environment variables".
  HF_TOKEN: { kind: "registry", name: "Hugging Face", targets: host("huggingface.co") },
  CARGO_REGISTRY_TOKEN: { kind: "registry", name: "crates.io", targets: host("crates.io") },
  TWINE_PASSWORD: { kind: "registry", name: "Python packages" },
  // Vault documentation, "Environment variables"; 1Password, "Service accounts"; SOPS, "age".
  VAULT_TOKEN: { kind: "vault", name: "Vault", targets: server("VAULT_ADDR") },
  CONSUL_HTTP_TOKEN: { kind: "vault", name: "Consul", targets: server("CONSUL_HTTP_ADDR") },
  NOMAD_TOKEN: { kind: "vault", name: "Nomad", targets: server("NOMAD_ADDR") },
  OP_SERVICE_ACCOUNT_TOKEN: { kind: "vault", name: "1Password, a service account" },
  OP_CONNECT_TOKEN: { kind: "vault", name: "1Password Connect", targets: server("OP_CONNECT_HOST") },
  SOPS_AGE_KEY: { kind: "vault", name: "SOPS, an age key" },
};

/** Variables that finders of their own look at: they name files, or say where to ask. */
const LOOKED_AT_ELSEWHERE = new Set([
  "GOOGLE_APPLICATION_CREDENTIALS",
  "AWS_SHARED_CREDENTIALS_FILE",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
  "AZURE_FEDERATED_TOKEN_FILE",
]);

/** curl(1), "Environment"; the lower case is what most programs share. */
const PROXIES = /^(?:https?|all)_proxy$/i;

/** Finds what variables hold: logins of known clients, connection strings, and what is called a secret. */
export async function findInVariables(search: Search, variables: readonly Variable[]): Promise<void> {
  const values = new Map(variables.map(({ name, value }) => [name, value]));
  const get: Lookup = (name) => {
    const value = values.get(name) ?? search.env(name);
    return value === "" ? undefined : value;
  };
  for (const { name, value, place, isOfFolder = false } of variables) {
    if (!/^[\w./:@-]{1,128}$/.test(name) || name.startsWith("MAYFLY_") || isReference(value)) continue;
    if (PROXIES.test(name)) {
      search.proxy(place, value, { isOfFolder });
      continue;
    }
    if (LOOKED_AT_ELSEWHERE.has(name) || value.trim() === "") continue;
    const known = Object.hasOwn(KNOWN, name) ? KNOWN[name] : undefined;
    const login = loginOf(value);
    if (known !== undefined) addKnown(search, place, known, get);
    else if (login !== undefined) addLogin(search, place, login);
    else if (isSecretName(name) ? canBeSecret(value) : isMarkedToken(value) || isPrivateKey(value))
      search.add("environment", place, name);
    else await followFile(search, { name, value, place });
    await findNamedFiles(search, place, value);
  }
}

function addKnown(search: Search, place: string, known: Known, get: Lookup): void {
  const targets = known.targets?.(get) ?? [];
  if (targets.length === 0) search.add(known.kind, place, known.name);
  for (const leadsTo of targets) {
    const isDatabase = known.kind === "postgres" || known.kind === "mysql";
    const name = targetText(leadsTo, known.name);
    search.add(known.kind, place, isDatabase ? name : `${known.name} at ${name}`, leadsTo);
  }
}

/** `DB_PASSWORD_FILE=/run/secrets/db`: containers are given their secrets so. */
async function followFile(search: Search, { name, value, place }: Variable): Promise<void> {
  if (!name.endsWith("_FILE") || !isSecretName(name.slice(0, -"_FILE".length))) return;
  const path = search.path(value);
  if (await search.holdsAnything(path)) search.add("environment", place, `the file ${path}`);
}

/** The servers that PGHOST and the like name: lists stand for several, tried in turn. */
function postgresTargets(get: Lookup): readonly LeadsTo[] {
  const named = get("PGHOSTADDR") ?? get("PGHOST") ?? "";
  const rest = { port: get("PGPORT"), database: get("PGDATABASE"), user: get("PGUSER") };
  return targetList({ host: named, ...rest }, 5432);
}

function mysqlTargets(get: Lookup): readonly LeadsTo[] {
  const named = get("MYSQL_HOST");
  const found = named === undefined ? undefined : target({ host: named, port: get("MYSQL_TCP_PORT") }, 3306);
  return found === undefined ? [] : [found];
}
