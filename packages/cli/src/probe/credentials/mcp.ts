import { addLogin, loginOf } from "./connection-strings.ts";
import { findNamedFiles } from "./postgres.ts";
import type { Search } from "./search.ts";
import { canBeSecret, isSecretName } from "./secret-names.ts";
import { items, jsonFile, member, members, text } from "./structured.ts";
import { serverOf } from "./urls.ts";
import { findInVariables } from "./variables.ts";
import { givenName, isMarkedToken, isReference, targetText } from "./words.ts";

/** Finds what coding agents hand to their MCP servers: variables, arguments, headers, and passwords in URLs. */
export async function findInMcpSettings(search: Search): Promise<void> {
  const { cwd } = search.surroundings;
  // Claude Code, "MCP"; Cursor, "MCP servers"; VS Code, "MCP configuration reference"; Windsurf; Gemini CLI.
  const inFolder = [
    search.path(".mcp.json", cwd),
    search.path(".cursor/mcp.json", cwd),
    search.path(".vscode/mcp.json", cwd),
    search.path(".gemini/settings.json", cwd),
  ];
  const files = [
    ...inFolder,
    search.home(".cursor", "mcp.json"),
    search.home(".codeium", "windsurf", "mcp_config.json"),
    search.home(".gemini", "settings.json"),
    search.config("Claude", "claude_desktop_config.json"),
    search.config("Code", "User", "mcp.json"),
    search.home(".claude.json"),
  ];
  for (const path of files) {
    const settings = await jsonFile(search, path);
    const isOfFolder = inFolder.includes(path) && search.isOfFolder(cwd);
    // A user's file has the servers of projects, too.
    const all = [settings, ...members(member(settings, "projects")).map(([, project]) => project)];
    for (const each of all)
      for (const list of ["mcpServers", "servers"])
        for (const [name, server] of members(member(each, list)))
          await findInServer(search, { path, isOfFolder }, name, server);
  }
}

async function findInServer(
  search: Search,
  { path, isOfFolder }: { readonly path: string; readonly isOfFolder: boolean },
  name: string,
  server: unknown,
): Promise<void> {
  const place = `${path} (MCP server ${givenName(name) ?? "without a name"})`;
  const variables = members(member(server, "env")).flatMap(([variable, value]) => {
    const given = text(value);
    return given === undefined
      ? []
      : [
          {
            name: variable,
            value: given,
            isOfFolder,
            place: `${place}, variable ${givenName(variable) ?? ""}`,
          },
        ];
  });
  await findInVariables(search, variables);
  for (const argument of items(member(server, "args"))) {
    const given = text(argument) ?? "";
    // `--url=postgres://…` and the like.
    const bare = given.replace(/^--?[\w-]{1,40}=/, "");
    const login = loginOf(given) ?? loginOf(bare);
    await findNamedFiles(search, `${place}, an argument`, bare);
    if (login !== undefined) addLogin(search, `${place}, an argument`, login);
    else if (isMarkedToken(given)) search.add("environment", `${place}, an argument`, "a token");
  }
  const url =
    text(member(server, "url")) ?? text(member(server, "httpUrl")) ?? text(member(server, "serverUrl")) ?? "";
  const login = loginOf(url);
  if (login !== undefined) addLogin(search, place, login);
  const leadsTo = serverOf(url);
  for (const [header, value] of members(member(server, "headers"))) {
    // `Bearer ${TOKEN}` names a variable as well.
    const given = (text(value) ?? "").replace(/^[A-Za-z]{1,20} /, "");
    if (isSecretName(header) && canBeSecret(given) && !isReference(given))
      search.add("http", place, `a header, ${targetText(leadsTo, "an MCP server")}`, leadsTo);
  }
}
