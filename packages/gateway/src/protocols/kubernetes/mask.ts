import { type MaskPlace, type MaskStep, nothingMasked } from "../../gate/web/proxy/json-mask.ts";

/** Holds a copy of the object as it was applied, its data among it. */
export const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/**
 * What of an answer of the API server is masked: members wherever they stand, since an object comes in lists, in rows of
 * tables, in events and in errors. Of a member that is a mapping, every value is masked, so that its keys can still be
 * seen.
 */
export function maskOf(resource: string, members: readonly string[]): MaskStep {
  const met = members.map((name) => `${resource}.${name}`);
  const all: MaskStep = { isMasked: true, place: undefined, met };
  const to = (place: MaskPlace): MaskStep => ({ isMasked: false, place, met: [] });
  // A table was not asked for, and its cells have no names by which they could be masked.
  const cells = to({ step: (name) => (typeof name === "number" ? all : inside(name)) });
  const values: MaskStep = { isMasked: false, place: { step: () => all, masksAllButObjects: true }, met };
  const listed = new Set(members);
  const inside = (name: string | number): MaskStep => {
    if (typeof name === "string" && listed.has(name)) return values;
    if (name === "cells") return cells;
    return name === "metadata" ? metadata : anywhere;
  };
  const place = (further: (name: string | number) => MaskStep | undefined): MaskPlace => ({
    step: (name) => further(name) ?? inside(name),
  });
  const annotations = to(place((name) => (name === LAST_APPLIED ? all : undefined)));
  const metadata = to(place((name) => (name === "annotations" ? annotations : undefined)));
  const anywhere = to({ step: inside });
  return members.length === 0 ? nothingMasked : anywhere;
}

/**
 * Whether an answer to a write may quote the object in its words: a template that may not change is shown whole, and of a
 * pod what differs. Who is told that there is no object, or that it has changed, is told its name.
 */
export function quotesObjects(status: number): boolean {
  return status >= 400 && status !== 404 && status !== 409;
}

/** What of a refused write's answer is masked: its words too. Its reason, code, and the fields that it is about stay. */
export function maskOfRefusals(resource: string, members: readonly string[]): MaskStep {
  return maskOf(resource, [...members, "message"]);
}
