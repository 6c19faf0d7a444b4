import { createHash } from "node:crypto";
import { shapeKey } from "../../../gate/inventory/value-shape.ts";
import { bodyShape, sizeOf } from "./bodies.ts";
import { formOf } from "./forms.ts";
import { readSeenRequest, type SeenRequest } from "./request.ts";
import { isVersionBehind } from "./words.ts";

/** The longest likeness that is kept as it is, in characters. */
const MAX_KEPT = 1000;

/**
 * What stands for all requests that need the same: values that have a form by it, names of parameters and headers in order,
 * and whether there was a body. Words of a path stay: whether they vary is seen when all are there.
 */
export function likenessOf(act: string): string {
  const request = readSeenRequest(act);
  if ("why" in request) return bounded(`${act.slice(0, act.indexOf(" "))} ${request.why}`);
  const { method, segments, parameters, headers, body, type, upgrade } = request;
  const path = segments.map(({ raw, text }, at) => {
    const form = isVersionBehind(segments[at - 1]?.raw, text) ? undefined : formOf(text);
    return form === undefined ? raw : `{${form.name}}`;
  });
  const query = parameters.map(({ name, value }) => [name, formOf(value)?.name ?? ""]).toSorted(byName);
  return bounded(
    JSON.stringify([
      method,
      path,
      query,
      headers ?? null,
      body === undefined ? null : sizeOf(body),
      type ?? null,
      bodyKey(request),
      upgrade ?? null,
    ]),
  );
}

function bodyKey({ json }: Pick<SeenRequest, "json">): string | null {
  const shape = bodyShape(json);
  return shape === undefined ? null : shapeKey(shape);
}

const byName = ([one = ""]: readonly string[], [other = ""]: readonly string[]): number =>
  one < other ? -1 : Number(one > other);

const bounded = (text: string): string =>
  text.length <= MAX_KEPT ? text : createHash("sha256").update(text).digest("base64");
