import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "yaml";
import { MayflyError, messageOf } from "../../kernel/errors.ts";
import { escapeInvisible } from "../../kernel/invisible-characters.ts";
import { importOpenApi, type ImportedOperation } from "../../protocols/http/openapi-import.ts";
import { jsonText, say, tell } from "../terminal.ts";
import { yamlText } from "../yaml-text.ts";

/** The largest document that is read, bytes. */
const largest = 50 * 1024 * 1024;

/**
 * `mayflyd import openapi FILE`: prints a connection with one operation an endpoint, for the operator to trim.
 * @param options.name the connection's name
 * @param options.schemas a folder into which the bodies' JSON Schemas are written; left out: bodies are only bounded
 * @returns the exit code
 */
export async function importOpenApiFile(
  file: string,
  options: { readonly name: string; readonly schemas?: string },
): Promise<number> {
  const imported = importOpenApi(await readDocument(file));
  const { schemas } = options;
  const operations: Record<string, unknown> = {};
  for (const operation of imported.operations) {
    const written = schemas === undefined ? undefined : await writeSchema(schemas, operation);
    operations[operation.name] = entryOf(operation, written);
  }
  for (const note of imported.notes) tell(`note: ${escapeInvisible(note)}`);
  if (schemas === undefined && imported.operations.some(({ bodySchema }) => bodySchema !== undefined))
    tell("note: bodies are bounded and not judged: --schemas FOLDER writes their schemas");
  say("# Made from an OpenAPI document. Keep what agents need, and delete the rest.");
  say(
    yamlText(
      {
        connections: {
          [options.name]: {
            http: {
              url: imported.url ?? "https://HOST",
              headers: { authorization: { env: "API_AUTHORIZATION" } },
            },
            operations,
          },
        },
      },
      { lineWidth: 110 },
    ),
  );
  return imported.operations.length === 0 ? 1 : 0;
}

async function readDocument(file: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw new MayflyError("unreadable", `${file} cannot be read: ${messageOf(error)}`, {
      hint: "name an OpenAPI 3 document in JSON or YAML",
    });
  }
  if (text.length > largest)
    throw new MayflyError("too_large", `${file} is larger than 50 MiB`, { hint: "import a part of it" });
  let value: unknown;
  try {
    value = parse(text, { maxAliasCount: 100 });
  } catch (error) {
    throw new MayflyError(
      "unreadable",
      `${file} is neither JSON nor YAML: ${messageOf(error).split("\n")[0]}`,
      {
        hint: "name an OpenAPI 3 document in JSON or YAML",
      },
    );
  }
  const version =
    typeof value === "object" && value !== null && "openapi" in value ? value.openapi : undefined;
  if (typeof version !== "string" || !version.startsWith("3."))
    throw new MayflyError("not_openapi", `${file} is no OpenAPI 3 document`, {
      hint: "convert an older one first; the document begins with openapi: 3.…",
    });
  return value;
}

/** Writes a body's schema. @returns its path, or undefined where there is none */
async function writeSchema(folder: string, operation: ImportedOperation): Promise<string | undefined> {
  if (operation.bodySchema === undefined) return undefined;
  const file = path.join(folder, `${operation.name}.json`);
  await mkdir(folder, { recursive: true });
  await writeFile(file, `${jsonText(operation.bodySchema, 2)}\n`);
  return file;
}

function entryOf(operation: ImportedOperation, schema: string | undefined): Record<string, unknown> {
  const { name: _, bodySchema: __, bodyTypes, ...rest } = operation;
  if (bodyTypes === undefined) return rest;
  return { ...rest, body: { ...(schema === undefined ? {} : { schema }), max: "64KiB", types: bodyTypes } };
}
