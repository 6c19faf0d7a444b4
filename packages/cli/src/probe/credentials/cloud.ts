import { join } from "node:path";
import { findAws } from "./aws.ts";
import { linesOf, sectionsOf, settingsOf } from "./lines.ts";
import type { Search } from "./search.ts";
import { isSecretName } from "./secret-names.ts";
import { items, jsonFile, member, members, text, yamlFile } from "./structured.ts";
import { serverOf } from "./urls.ts";
import { givenName, isReference, targetText } from "./words.ts";

/** Finds the logins that cloud providers' programs keep. */
export async function findCloud(search: Search): Promise<void> {
  await findAws(search);
  await findGoogle(search);
  await findAzure(search);
  await findTerraform(search);
  for (const row of settingsFiles(search)) await findInSettings(search, row);
  await findDoctl(search);
  await findSignIns(search);
}

/** Google Cloud documentation, "How Application Default Credentials works"; gcloud topic configurations. */
async function findGoogle(search: Search): Promise<void> {
  const named = search.env("GOOGLE_APPLICATION_CREDENTIALS");
  const set = search.env("CLOUDSDK_CONFIG");
  const folder = set === undefined ? search.config("gcloud") : search.path(set);
  const legacy = join(folder, "legacy_credentials");
  const files = [
    ...(named === undefined ? [] : [search.path(named)]),
    join(folder, "application_default_credentials.json"),
    ...(await search.names(legacy)).map((account) => join(legacy, account, "adc.json")),
  ];
  for (const path of files) {
    const value = await jsonFile(search, path);
    const isKey = text(member(value, "private_key")) !== undefined;
    const isLogin = text(member(value, "refresh_token")) !== undefined;
    const type = text(member(value, "type"));
    if (!isKey && !isLogin && type !== "external_account" && type !== "impersonated_service_account")
      continue;
    const account = givenName(member(value, "client_email"));
    search.add("cloud", path, account === undefined ? "Google Cloud" : `Google Cloud as ${account}`);
  }
  for (const name of ["credentials.db", "access_tokens.db"])
    if (await search.holdsAnything(join(folder, name)))
      search.add("cloud", join(folder, name), "Google Cloud, gcloud's logins");
}

/** Azure CLI documentation, "Azure CLI configuration"; MSAL's token cache. */
async function findAzure(search: Search): Promise<void> {
  const set = search.env("AZURE_CONFIG_DIR");
  const folder = set === undefined ? search.home(".azure") : search.path(set);
  const cache = join(folder, "msal_token_cache.json");
  const kept = await jsonFile(search, cache);
  if (["RefreshToken", "AccessToken"].some((kind) => members(member(kept, kind)).length > 0))
    search.add("cloud", cache, "Azure, az's logins");
  for (const name of ["accessTokens.json", "service_principal_entries.json"])
    if (items(await jsonFile(search, join(folder, name))).length > 0)
      search.add("cloud", join(folder, name), "Azure, az's logins");
  for (const name of ["msal_token_cache.bin", "service_principal_entries.bin"])
    if (await search.holdsAnything(join(folder, name)))
      search.add("cloud", join(folder, name), "Azure, az's logins, encrypted");
}

/** Terraform documentation, "CLI configuration file", "Credentials". */
async function findTerraform(search: Search): Promise<void> {
  const own = search.home(".terraform.d", "credentials.tfrc.json");
  for (const [host, login] of members(member(await jsonFile(search, own), "credentials")))
    if (text(member(login, "token")) !== undefined) addTerraform(search, own, host);
  const named = search.env("TF_CLI_CONFIG_FILE");
  const path = named === undefined ? search.home(".terraformrc") : search.path(named);
  let host = "";
  for (const { number, text: line } of linesOf((await search.text(path))?.text ?? "")) {
    host = /^\s*credentials\s{0,8}"([^"]{1,253})"/.exec(line)?.[1] ?? host;
    if (/(?:^|[\s{])token\s{0,8}=\s{0,8}"[^"]/.test(line)) addTerraform(search, `${path}:${number}`, host);
  }
}

function addTerraform(search: Search, place: string, host: string): void {
  const leadsTo = serverOf(host);
  search.add("cloud", place, `Terraform at ${targetText(leadsTo, "a host without a plain name")}`, leadsTo);
}

interface SettingsFile {
  readonly path: string;
  readonly program: string;
  /** Keys that hold a secret; left out: those whose names say so. */
  readonly keys?: RegExp;
}

/** Files of settings, and whose they are. */
function settingsFiles(search: Search): readonly SettingsFile[] {
  const oci = search.env("OCI_CLI_CONFIG_FILE");
  const rclone = search.env("RCLONE_CONFIG");
  const boto = search.env("BOTO_CONFIG");
  return [
    // OCI documentation, "SDK and CLI Configuration File".
    {
      path: oci === undefined ? search.home(".oci", "config") : search.path(oci),
      program: "Oracle Cloud",
      keys: /^(?:key_file|security_token_file|pass_phrase)$/,
    },
    { path: search.config("hcloud", "cli.toml"), program: "Hetzner Cloud", keys: /^token$/ },
    // rclone documentation, "Configuration Encryption": an encrypted file begins with a line of its own.
    {
      path: rclone === undefined ? search.config("rclone", "rclone.conf") : search.path(rclone),
      program: "rclone",
      keys: /^(?:pass\d?|password2?|token|secret_access_key|client_secret|bearer_token|key|sas_url|service_account_credentials|api_key|access_token|user_password)$|^RCLONE_ENCRYPT_V0$/,
    },
    { path: search.home(".s3cfg"), program: "s3cmd", keys: /^(?:secret_key|access_token|gpg_passphrase)$/ },
    // Boto's documentation, "Boto Config"; gsutil config.
    {
      path: boto === undefined ? search.home(".boto") : search.path(boto),
      program: "boto",
      keys: /^(?:aws_secret_access_key|gs_secret_access_key|gs_oauth2_refresh_token|gs_service_key_file)$/,
    },
  ];
}

async function findInSettings(search: Search, { path, program, keys }: SettingsFile): Promise<void> {
  const seen = new Set<string>();
  for (const { section, key, value, line } of settingsOf((await search.text(path))?.text ?? "")) {
    const isEncrypted = key === "RCLONE_ENCRYPT_V0";
    const isSecret = keys === undefined ? isSecretName(key) : keys.test(key);
    if (!isSecret || (!isEncrypted && (value === "" || isReference(value))) || seen.has(section)) continue;
    // One login a section: what else belongs to it is no other.
    seen.add(section);
    const name = givenName(section);
    const which = isEncrypted ? "encrypted with a password" : (name ?? "");
    search.add("cloud", `${path}:${line}`, which === "" ? program : `${program}, ${which}`);
  }
}

/** doctl's README, "Authenticating with DigitalOcean". */
async function findDoctl(search: Search): Promise<void> {
  const path = search.config("doctl", "config.yaml");
  const value = await yamlFile(search, path);
  const contexts = members(member(value, "auth-contexts")).map(([, token]) => token);
  if ([member(value, "access-token"), ...contexts].some((token) => text(token) !== undefined))
    search.add("cloud", path, "DigitalOcean", { host: "api.digitalocean.com", port: 443 });
}

/** What other providers' programs keep once somebody has signed in. */
async function findSignIns(search: Search): Promise<void> {
  // Pulumi's documentation, "pulumi login": its backends by their address.
  const pulumi = join(search.env("PULUMI_HOME") ?? search.home(".pulumi"), "credentials.json");
  for (const [backend, token] of members(member(await jsonFile(search, pulumi), "accessTokens")))
    if (text(token) !== undefined) addSignIn(search, pulumi, "Pulumi", backend);
  // MinIO's documentation, "mc alias": its two examples have no key of anybody's.
  const minio = join(search.env("MC_CONFIG_DIR") ?? search.home(".mc"), "config.json");
  const settings = await jsonFile(search, minio);
  for (const [, alias] of [...members(member(settings, "aliases")), ...members(member(settings, "hosts"))]) {
    const [key, url = ""] = [text(member(alias, "secretKey")), text(member(alias, "url"))];
    const isExample = key === "YOUR-SECRET-KEY-HERE" || url === "https://play.min.io";
    if (key !== undefined && !isExample) addSignIn(search, minio, "MinIO", url);
  }
  // Fly.io's documentation, "Access tokens".
  const fly = join(search.env("FLY_CONFIG_DIR") ?? search.home(".fly"), "config.yml");
  if (text(member(await yamlFile(search, fly), "access_token")) !== undefined)
    addSignIn(search, fly, "Fly.io", "https://api.fly.io");
  // Databricks' documentation, "Databricks configuration profiles".
  const databricks = search.path(search.env("DATABRICKS_CONFIG_FILE") ?? search.home(".databrickscfg"));
  for (const [, profile] of sectionsOf((await search.text(databricks))?.text ?? "")) {
    const secret = ["token", "password", "client_secret", "azure_client_secret"]
      .map((key) => profile.get(key))
      .find((setting) => setting !== undefined && setting.value !== "");
    if (secret !== undefined)
      addSignIn(search, `${databricks}:${secret.line}`, "Databricks", profile.get("host")?.value ?? "");
  }
}

function addSignIn(search: Search, place: string, program: string, url: string): void {
  const leadsTo = serverOf(url);
  search.add("cloud", place, `${program} at ${targetText(leadsTo, "a host without a plain name")}`, leadsTo);
}
