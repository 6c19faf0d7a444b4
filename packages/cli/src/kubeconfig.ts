import { accessSync, constants, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loginFolder } from "./profile.ts";

/**
 * Adds to the gateway's kubeconfig what only this side knows: the CA with which the gateway is verified, where the
 * gateway names none of its own.
 * @param caFile absolute path; undefined: the system's CAs
 */
export function completeKubeconfig(text: string, caFile: string | undefined): string {
  if (caFile === undefined || text.includes("certificate-authority")) return text;
  return text.replace(
    /^( +)server: .*$/m,
    (line, indent: string) => `${line}\n${indent}certificate-authority: ${JSON.stringify(caFile)}`,
  );
}

/**
 * Has kubectl ask for the token of the login that the kubeconfig was made with: without this it would ask for the default
 * one's, or for whatever MAYFLY_PROFILE says when it runs.
 */
export function withProfile(text: string, profile: string): string {
  return text.replace(
    /^( +args: \[credential)\b/m,
    (_, start: string) => `${start}, --profile, ${JSON.stringify(profile)}`,
  );
}

/**
 * A kubeconfig in a file of its own that nobody else can read; it holds a grant's secret. It lies with the logins, which no
 * other run's sandbox shows, or with temporary files where there is no such folder.
 */
export function writeKubeconfig(text: string): { readonly file: string; remove(): void } {
  const folder = mkdtempSync(join(folderOfLogins() ?? tmpdir(), "mayfly-kube-"));
  const file = join(folder, "config");
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    writeFileSync(file, text, { mode: 0o600, flag: "wx" });
  } catch (error) {
    remove();
    throw error;
  }
  return { file, remove };
}

function folderOfLogins(): string | undefined {
  try {
    mkdirSync(loginFolder(), { recursive: true, mode: 0o700 });
    accessSync(loginFolder(), constants.W_OK);
    return loginFolder();
  } catch {
    // A home that cannot be written to, as in many containers.
    return undefined;
  }
}
