import { join } from "node:path";
import { foldersOf } from "./folders.ts";
import type { Search } from "./search.ts";
import { jsonFile, member, text } from "./structured.ts";

/**
 * Finds the logins that coding agents keep for themselves. They are listed, and where they lead to is not tried: an agent
 * reaches its own model, and that is no way around the gateway.
 */
export async function findAgents(search: Search): Promise<void> {
  await findClaudeCode(search);
  await findCodex(search);
  await findGemini(search);
}

/** Claude Code's documentation, "Authentication", "Credential management". */
async function findClaudeCode(search: Search): Promise<void> {
  for (const folder of foldersOf(search, "CLAUDE_CONFIG_DIR", search.home(".claude"))) {
    const path = join(folder, ".credentials.json");
    const login = member(await jsonFile(search, path), "claudeAiOauth");
    if (holdsOne(login, "accessToken", "refreshToken")) search.add("cloud", path, "Claude Code, a sign-in");
  }
}

/** Codex CLI's documentation, "Authentication"; its source, auth/storage.rs: what `auth.json` holds. */
async function findCodex(search: Search): Promise<void> {
  for (const folder of foldersOf(search, "CODEX_HOME", search.home(".codex"))) {
    const path = join(folder, "auth.json");
    const login = await jsonFile(search, path);
    if (holdsOne(login, "OPENAI_API_KEY")) search.add("cloud", path, "Codex, an API key");
    if (holdsOne(member(login, "tokens"), "access_token", "refresh_token"))
      search.add("cloud", path, "Codex, a sign-in with ChatGPT");
  }
}

/** Gemini CLI's source, config/storage.ts and utils/paths.ts: its variable names what stands for the home folder. */
async function findGemini(search: Search): Promise<void> {
  for (const folder of foldersOf(search, "GEMINI_CLI_HOME", search.home())) {
    const path = join(folder, ".gemini", "oauth_creds.json");
    if (holdsOne(await jsonFile(search, path), "refresh_token", "access_token"))
      search.add("cloud", path, "Gemini CLI, a sign-in with Google");
  }
}

function holdsOne(value: unknown, ...names: readonly string[]): boolean {
  return names.some((name) => text(member(value, name)) !== undefined);
}
