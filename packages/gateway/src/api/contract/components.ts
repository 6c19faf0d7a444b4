import * as z from "zod";

/** The schemas that stand in the document under `components.schemas`, by name. */
export const components = z.registry<{ id: string }>();

/** Names a schema: in the OpenAPI document others point at it, and the SDK gets a type of that name. */
export function component<S extends z.ZodType>(id: string, schema: S): S {
  components.add(schema, { id });
  return schema;
}
