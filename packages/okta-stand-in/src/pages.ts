import type { StandInPerson } from "./options.ts";

/** Makes text safe inside HTML text and double-quoted attributes. */
export function escapeHtml(text: string): string {
  const entities: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? "");
}

/** A whole page around `body`, which is HTML already. */
export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 10vh auto; max-width: 26rem; padding: 0 1rem; }
button { font: inherit; display: block; width: 100%; margin: .5rem 0; padding: .6rem; text-align: left; cursor: pointer; }
input { font: inherit; padding: .5rem; width: 100%; box-sizing: border-box; }
small { color: #666; }
</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
${body}
<p><small>This is a stand-in for Okta, for demonstrations and tests. It asks for no password.</small></p>
</body>
</html>`;
}

/** The page on which a person says who they are. */
export function loginPage(people: readonly StandInPerson[], client: string): string {
  const buttons = people
    .map(
      (person) =>
        `<button name="login" value="${escapeHtml(person.login)}">${escapeHtml(person.name)}<br><small>${escapeHtml(person.login)} · ${escapeHtml(person.groups.join(", "))}</small></button>`,
    )
    .join("\n");
  return page(
    "Who are you?",
    `<p>To continue to ${escapeHtml(client)}</p>\n<form method="post">\n${buttons}\n</form>`,
  );
}
