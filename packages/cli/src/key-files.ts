import { readFileSync } from "node:fs";
import { MayflyError } from "@mayfly/sdk";
import { readPrivateKey, type SigningKey } from "@mayfly/sdk/tokens";

/** Reads a private key from a file: PEM (PKCS #8, PKCS #1 or SEC 1), or a JWK with its kid. @throws MayflyError key_unreadable */
export function readKeyFile(path: string, keyId: string | undefined): SigningKey {
  return readPrivateKey(readText(path, "key"), keyId, path);
}

/** Reads a token from a file that is read anew for each renewal: whoever wrote it can keep it fresh. */
export function readTokenFile(path: string): string {
  const token = readText(path, "token").trim();
  if (token !== "") return token;
  throw new MayflyError("token_unreadable", `the file ${path} holds no token`, {
    hint: "write the token into it, and nothing else",
  });
}

function readText(path: string, what: "key" | "token"): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    throw new MayflyError(`${what}_unreadable`, `the ${what} ${path} cannot be read`, {
      hint: what === "key" ? "check --key" : "check --id-token or --access-token",
    });
  }
}
