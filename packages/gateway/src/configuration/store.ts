import * as z from "zod";
import { addIssue } from "../kernel/issue.ts";
import { Secret, secretSchema } from "../kernel/secret.ts";

/** A store in a file, or PostgreSQL by a URL without a password, or by one that is a secret. */
export const store = z
  .union([z.string(), z.strictObject({ postgres: secretSchema })], {
    error: "this must be sqlite:PATH, postgres://USER@HOST/DATABASE or { postgres: { env: NAME } }",
  })
  .meta({
    description:
      "sqlite:PATH, postgres://USER@HOST/DATABASE, or { postgres: { env: NAME } } for a URL with a password",
  })
  .transform((written, context) => {
    if (typeof written !== "string") return { kind: "postgres" as const, url: written.postgres };
    if (written.startsWith("sqlite:")) {
      const path = written.slice("sqlite:".length);
      if (path !== "" && path !== ":memory:" && !/[?#\0\n]/.test(path))
        return { kind: "sqlite" as const, file: path };
      return addIssue(
        context,
        written,
        "sqlite: must be followed by the path of a file",
        "write sqlite:data/mayfly.db",
      );
    }
    const problem = problemOfStoreUrl(written);
    if (problem !== undefined) return addIssue(context, written, problem.message, problem.hint);
    return { kind: "postgres" as const, url: new Secret(written) };
  });

/** What is wrong with a PostgreSQL URL that is written out; a password in it, whatever else is wrong, comes first. */
function problemOfStoreUrl(written: string): { message: string; hint: string } | undefined {
  if (/^[a-z]+:\/\/[^/]*?:.*@/is.test(written) || /[?&][a-z]*password=/i.test(written)) {
    return {
      message: "a password stands in this URL, and a secret is named, never written",
      hint: "write store: { postgres: { env: NAME } } and put the whole URL into that variable",
    };
  }
  if (isPostgresUrl(written)) return undefined;
  return {
    message: "this must be sqlite:PATH, postgres://USER@HOST/DATABASE or { postgres: { env: NAME } }",
    hint: "write sqlite:data/mayfly.db for a store in a file",
  };
}

/** Whether a text is the URL of a PostgreSQL database. */
export function isPostgresUrl(written: string): boolean {
  return /^postgres(ql)?:\/\/\S+$/.test(written) && URL.canParse(written);
}
