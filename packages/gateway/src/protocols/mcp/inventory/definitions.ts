import { compileSchema, type SchemaCheck } from "../../../gate/web/schema/json-schema.ts";
import { MayflyError } from "../../../kernel/errors.ts";
import { isObject, type Members } from "../../../kernel/json-object.ts";
import { parseStrictJson } from "../../../kernel/strict-json.ts";

/** What a server says of what a tool does (MCP, "Schema: ToolAnnotations"). */
export interface ToolAnnotations {
  readonly readOnlyHint?: boolean;
  readonly destructiveHint?: boolean;
}

/** A tool as the server defines it. */
export interface Definition {
  readonly annotations: ToolAnnotations;
  /** Of its arguments. */
  readonly schema: Members;
  /** What is wrong with arguments; left out: nothing here can say it. */
  readonly check?: SchemaCheck;
}

/** A server's tools by their names. */
export type Definitions = ReadonlyMap<string, Definition>;

/** The deepest nesting of what a server says. */
const MAX_DEPTH = 128;

const membersIn = (of: Members, name: string): Members => {
  const value = of[name];
  return isObject(value) ? value : {};
};

/** The tools of an answer to `tools/list`, of the whole message that it came in, or of a list of those. */
function toolsIn(value: unknown): readonly Members[] | undefined {
  if (Array.isArray(value)) {
    const all = (value as unknown[]).map((each) =>
      isObject(each) && typeof each["name"] === "string" ? [each] : toolsIn(each),
    );
    return all.every((each) => each !== undefined) ? all.flat() : undefined;
  }
  if (!isObject(value)) return undefined;
  const { tools, result } = value;
  if (Array.isArray(tools)) return toolsIn(tools);
  return result === undefined ? undefined : toolsIn(result);
}

/**
 * Reads what a server answers to `tools/list`.
 * @throws MayflyError when it is something else
 */
export function readDefinitions(text: string): Definitions {
  let tools: readonly Members[] | undefined;
  try {
    tools = toolsIn(parseStrictJson(text.replace(/^\uFEFF/u, ""), MAX_DEPTH));
  } catch {
    tools = undefined;
  }
  if (tools === undefined)
    throw new MayflyError("unreadable_schema", "--schema holds no list of tools", {
      hint: 'it is the server\'s answer to tools/list, JSON: {"tools": [{"name": …, "inputSchema": …}]}',
    });
  return new Map(
    tools.flatMap((tool): [string, Definition][] => {
      const { name } = tool;
      if (typeof name !== "string") return [];
      const schema = membersIn(tool, "inputSchema");
      const compiled = compileSchema(JSON.stringify(schema));
      return [
        [
          name,
          {
            annotations: membersIn(tool, "annotations"),
            schema,
            ...("why" in compiled ? {} : { check: compiled.check }),
          },
        ],
      ];
    }),
  );
}
