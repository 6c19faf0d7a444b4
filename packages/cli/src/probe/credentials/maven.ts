import type { Search } from "./search.ts";
import { givenName, isReference } from "./words.ts";
import { xmlPieces } from "./xml.ts";

/** Maven's settings reference, "Servers" and "Proxies". */
export async function findMaven(search: Search): Promise<void> {
  const path = search.home(".m2", "settings.xml");
  const content = (await search.text(path))?.text ?? "";
  for (const { id, element, line } of mavenPasswords(content))
    search.add("registry", `${path}:${line}`, `Maven, ${element} ${givenName(id) ?? "without a plain name"}`);
}

/** Where passwords stand in Maven's settings. */
function mavenPasswords(xml: string): readonly {
  readonly id: string | undefined;
  readonly element: "server" | "proxy";
  readonly line: number;
}[] {
  const found: { id: string | undefined; element: "server" | "proxy"; line: number }[] = [];
  let element: "server" | "proxy" = "server";
  let id: string | undefined;
  let passwords: number[] = [];
  let last = "";
  const close = (): void => {
    for (const at of passwords) found.push({ id, element, line: at });
    passwords = [];
    id = undefined;
  };
  for (const { piece, line } of xmlPieces(xml)) {
    if (piece === "<server>" || piece === "<proxy>") {
      close();
      element = piece === "<proxy>" ? "proxy" : "server";
    } else if (piece === "</server>" || piece === "</proxy>") close();
    else if (piece.startsWith("<") && piece.length > 1) last = piece;
    else if (last === "<id>") id = (id ?? "") + piece;
    else if (/^<(?:password|passphrase)>$/.test(last) && piece.trim() !== "" && !isReference(piece.trim())) {
      passwords.push(line);
      last = "";
    }
  }
  close();
  return found;
}
