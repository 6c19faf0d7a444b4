import { join } from "node:path";
import { sectionsOf } from "./lines.ts";
import type { Search } from "./search.ts";
import { jsonFile, member, text } from "./structured.ts";
import { serverOf } from "./urls.ts";
import { givenName, isReference } from "./words.ts";

/** Finds what AWS's programs take their login from (AWS SDKs and Tools reference, "Standardized credential providers"). */
export async function findAws(search: Search): Promise<void> {
  const isSignedIn = await findCaches(search);
  const credentials = search.env("AWS_SHARED_CREDENTIALS_FILE");
  await findProfiles(
    search,
    credentials === undefined ? search.home(".aws", "credentials") : search.path(credentials),
    isSignedIn,
  );
  const config = search.env("AWS_CONFIG_FILE");
  await findProfiles(
    search,
    config === undefined ? search.home(".aws", "config") : search.path(config),
    isSignedIn,
  );
  findContainer(search);
}

/** How a profile logs in, by the setting that says so. */
const WAYS = [
  ["aws_secret_access_key", "an access key"],
  ["credential_process", "a program that gives its login"],
  ["web_identity_token_file", "a workload's identity token"],
] as const;

async function findProfiles(search: Search, path: string, isSignedIn: boolean): Promise<void> {
  for (const [section, settings] of sectionsOf((await search.text(path))?.text ?? "")) {
    const profile = givenName(section.replace(/^(?:profile|sso-session)\s+/, "")) ?? "without a plain name";
    const way = WAYS.find(([key]) => {
      const value = settings.get(key)?.value ?? "";
      return value !== "" && !isReference(value);
    });
    const sso = settings.get("sso_session") ?? settings.get("sso_start_url");
    const line = (way === undefined ? sso : settings.get(way[0]))?.line;
    // A profile for single sign-on is a login while one is kept.
    const how = way?.[1] ?? (sso !== undefined && isSignedIn ? "single sign-on, signed in" : undefined);
    if (how !== undefined && line !== undefined)
      search.add("cloud", `${path}:${line}`, `AWS, profile ${profile} (${how})`);
  }
}

/** Tokens that `aws sso login` and the command line keep. @returns whether there is one of single sign-on */
async function findCaches(search: Search): Promise<boolean> {
  let isSignedIn = false;
  for (const kind of ["sso", "cli", "login"]) {
    const folder = search.home(".aws", kind, "cache");
    for (const name of await search.names(folder)) {
      if (!name.endsWith(".json")) continue;
      const path = join(folder, name);
      const value = await jsonFile(search, path);
      const isToken = ["accessToken", "refreshToken"].some((key) => text(member(value, key)) !== undefined);
      const isSession = text(member(value, "Credentials", "SecretAccessKey")) !== undefined;
      const isLogin = text(member(value, "accessToken", "secretAccessKey")) !== undefined;
      if (!isToken && !isSession && !isLogin) continue;
      if (isToken && kind === "sso") isSignedIn = true;
      search.add("cloud", path, isSession ? "AWS, a session" : "AWS, a sign-in");
    }
  }
  return isSignedIn;
}

/** AWS SDKs and Tools reference, "Container credential provider". */
function findContainer(search: Search): void {
  const relative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
  const full = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
  if (search.env(relative) !== undefined)
    search.add("cloud", `environment variable ${relative}`, "AWS, the container's role", {
      host: "169.254.170.2",
      port: 80,
    });
  const uri = search.env(full);
  if (uri !== undefined)
    search.add("cloud", `environment variable ${full}`, "AWS, the container's role", serverOf(uri));
}
