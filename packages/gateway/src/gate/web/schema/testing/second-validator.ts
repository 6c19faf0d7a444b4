import { Validator } from "@cfworker/json-schema";

/** A JSON value whose objects inherit nothing, so that no validator finds a member that is not there. */
function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bare);
  if (typeof value !== "object" || value === null) return value;
  return Object.assign(
    Object.create(null),
    Object.fromEntries(Object.entries(value).map(([name, each]) => [name, bare(each)])),
  );
}

/**
 * A validator that shares no code with the gateway's: interpreted, where Ajv compiles.
 * @returns whether a value is valid; undefined where this validator cannot say
 */
export function secondValidator(schema: unknown): (value: unknown) => boolean | undefined {
  const validator = new Validator(bare(schema) as never, "2020-12", false);
  return (value) => {
    try {
      return validator.validate(bare(value)).valid;
    } catch (error) {
      // A schema that refers to itself without going into the value.
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  };
}
