import * as z from "zod";
import { components } from "./components.ts";
import type { AnswerSpec, Endpoint } from "./endpoint.ts";
import { problemSchema, problemType } from "./problems.ts";
import { roleTable } from "../roles.ts";

type JsonObject = Record<string, unknown>;

const componentUri = (id: string): string => `#/components/schemas/${id}`;

function without(object: object, ...names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}

/** A schema as JSON Schema 2020-12, which OpenAPI 3.1 uses as it is; a named one by its reference. */
function schemaOf(schema: z.ZodType): JsonObject {
  const named = components.get(schema);
  if (named !== undefined) return { $ref: componentUri(named.id) };
  return without(z.toJSONSchema(schema, { io: "input" }), "$schema");
}

function parametersOf(place: "path" | "query" | "header", shape: z.ZodObject | undefined): JsonObject[] {
  if (shape === undefined) return [];
  return Object.entries(shape.shape).map(([name, member]) => {
    const { description, ...schema } = schemaOf(member);
    return {
      name: place === "header" ? name.replace(/\b[a-z]/g, (letter) => letter.toUpperCase()) : name,
      in: place,
      required: !member.safeParse(undefined).success,
      ...(description === undefined ? {} : { description }),
      schema,
    };
  });
}

function answerOf(answer: AnswerSpec): JsonObject {
  if (answer.schema === undefined) return { description: answer.description };
  return {
    description: answer.description,
    content: { [answer.mediaType ?? "application/json"]: { schema: schemaOf(answer.schema) } },
  };
}

function operationOf(endpoint: Endpoint): JsonObject {
  const parameters = [
    ...parametersOf("path", endpoint.params),
    ...parametersOf("query", endpoint.query),
    ...parametersOf("header", endpoint.headers),
  ];
  const row = roleTable[endpoint.id];
  const who = row === "open" ? "Needs no token." : `For: ${row.join(", ")}.`;
  return {
    operationId: endpoint.operationId,
    summary: endpoint.summary,
    description: endpoint.description === undefined ? who : `${endpoint.description} ${who}`,
    ...(endpoint.open ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(endpoint.body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { "application/json": { schema: schemaOf(endpoint.body) } },
          },
        }),
    responses: {
      ...Object.fromEntries(
        Object.entries(endpoint.answers).map(([status, answer]) => [status, answerOf(answer)]),
      ),
      default: {
        description: "A problem (RFC 9457)",
        content: { [problemType]: { schema: schemaOf(problemSchema) } },
      },
    },
  };
}

/** The components' schemas with their inputs' defaults left optional. */
function componentSchemas(): JsonObject {
  const { schemas } = z.toJSONSchema(components, { uri: componentUri, io: "input" });
  return Object.fromEntries(
    Object.entries(schemas)
      .filter(([name]) => name !== "__shared")
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, schema]) => [name, without(schema, "$schema", "$id")]),
  );
}

/** Builds the OpenAPI 3.1 document from the endpoints and the schemas they validate with. */
export function openApiDocument(endpoints: readonly Endpoint[]): JsonObject {
  const paths: Record<string, JsonObject> = {};
  for (const endpoint of endpoints) {
    if (endpoint.browser === true) continue;
    const [method = "", path = ""] = endpoint.id.split(" ");
    paths[path] = { ...paths[path], [method.toLowerCase()]: operationOf(endpoint) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Mayfly",
      version: "1",
      summary: "Access to infrastructure for minutes, one task at a time",
      license: { name: "Apache 2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    security: [{ bearer: [] }],
    paths,
    components: {
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "JWT",
          description:
            "An access token of an authorization server that /.well-known/oauth-protected-resource names",
        },
      },
      schemas: componentSchemas(),
    },
  };
}
