import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { MayflyError, messageOf } from "../../kernel/errors.ts";
import { escapeInvisible } from "../../kernel/invisible-characters.ts";
import { importOpenApi, type ImportedOperation } from "../../protocols/http/openapi-import.ts";
import { readOpenApiText } from "../../protocols/http/openapi-text.ts";
import { jsonText, say, tell } from "../terminal.ts";
import { yamlText } from "../yaml-text.ts";

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
  const read = readOpenApiText(text);
  if ("document" in read) return read.document;
  throw new MayflyError("not_openapi", `${file} is no OpenAPI 3 document: ${read.why}`, {
    hint: "name one in JSON or YAML; convert an older one first, and import a part of a larger one",
  });
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
