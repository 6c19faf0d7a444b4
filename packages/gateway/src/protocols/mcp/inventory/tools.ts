import { mergedShape, schemaOf, shapeOf } from "../../../gate/inventory/value-shape.ts";
import { isObject, type Members } from "../../../kernel/json-object.ts";
import type { Call } from "./calls.ts";
import type { Definition } from "./definitions.ts";
import { narrowed } from "./narrowed.ts";

/** The schema of calls' arguments. */
export interface ArgumentsSchema {
  /** Undefined: no schema says it. */
  readonly schema: Members | undefined;
  /** What it does not say that it must; left out: it takes what was seen and little else. */
  readonly why?: string;
}

/** The schema that takes the arguments of all calls, and as little else as it can. @param calls of one tool, at least one */
export function schemaOfCalls(calls: readonly Call[], definition: Definition | undefined): ArgumentsSchema {
  const [first, ...rest] = calls.map(({ given }) => shapeOf(given));
  const schema = first === undefined ? undefined : schemaOf(rest.reduce(mergedShape, first));
  if (schema === undefined) return { schema, why: "no schema says what its arguments hold" };
  const problems: string[] = [];
  const values = calls.map(({ given, seen: { times } }) => ({ value: given, times }));
  const made = narrowed(schema as Members, values, "", definition?.schema, {
    tool: calls[0]?.tool ?? "",
    problems,
  });
  if (problems.length === 0) return { schema: made };
  return { schema: made, why: `the argument ${[...new Set(problems)].join("; the argument ")}` };
}

/** The arguments that take any text. @param path of the members that the schema is in */
export function anyTexts(schema: Members, path = ""): readonly string[] {
  const { type, properties, items, additionalProperties, pattern, format } = schema;
  const isText = type === "string" || (Array.isArray(type) && type.includes("string"));
  const isBound = schema["enum"] !== undefined || pattern !== undefined || format !== undefined;
  return [
    ...(isText && !isBound ? [path] : []),
    ...(isObject(properties)
      ? Object.entries(properties).flatMap(([name, each]) =>
          isObject(each) ? anyTexts(each, path === "" ? name : `${path}.${name}`) : [],
        )
      : []),
    ...(isObject(items) ? anyTexts(items, path) : []),
    ...(isObject(additionalProperties) ? anyTexts(additionalProperties, path) : []),
  ];
}
