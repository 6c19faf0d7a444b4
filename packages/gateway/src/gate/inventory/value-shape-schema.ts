import type { MapShape, RecordShape, ValueShape } from "./value-shape-merge.ts";

/** The longest schema, in characters: nobody reads more. */
const MAX_SCHEMA = 65_536;

/**
 * The schema of a shape; undefined: it is too long. Where a value may have several types it is one schema with a list of them:
 * each keyword restricts its own type alone, and reviewers read it in words, unlike `anyOf`.
 */
export function schemaOfShape(shape: ValueShape): object | undefined {
  const schema = schemaOfValue(shape);
  return JSON.stringify(schema).length > MAX_SCHEMA ? undefined : schema;
}

function schemaOfValue(shape: ValueShape): object {
  const { number, string, array, object } = shape;
  const types = [
    ...(object === undefined ? [] : ["object"]),
    ...(array === undefined ? [] : ["array"]),
    ...(string === undefined ? [] : ["string"]),
    ...(number === undefined ? [] : [number]),
    ...(shape.boolean === true ? ["boolean"] : []),
    ...(shape.null === true ? ["null"] : []),
  ];
  return {
    type: types.length === 1 ? types[0] : types,
    ...(object === undefined ? {} : schemaOfObject(object)),
    // Without items there was none: nothing may be one.
    ...(array === undefined
      ? {}
      : array.items === undefined
        ? { items: false, maxItems: 0 }
        : { items: schemaOfValue(array.items), maxItems: array.max }),
    ...(string?.format === undefined ? {} : { format: string.format }),
    ...(string === undefined ? {} : { maxLength: string.max }),
  };
}

function schemaOfObject(object: RecordShape | MapShape): object {
  if (object.kind === "map")
    return {
      propertyNames: { maxLength: object.maxName },
      additionalProperties: schemaOfValue(object.values),
      maxProperties: object.max,
    };
  const required = object.members.filter(({ optional }) => !optional).map(({ name }) => name);
  return {
    properties: Object.fromEntries(object.members.map(({ name, shape }) => [name, schemaOfValue(shape)])),
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
  };
}
