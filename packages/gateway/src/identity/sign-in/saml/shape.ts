import { SignInRefused } from "../problems.ts";
import type { XmlElement } from "./xml.ts";

/** The allowed shape of one element. Everything else is refused. */
export interface Shape {
  readonly namespace: string;
  readonly local: string;
  readonly required?: readonly string[];
  readonly optional?: readonly string[];
  /** Attributes of other namespaces, as `{namespace}local`; "any" allows every attribute that has a namespace. */
  readonly foreign?: readonly string[] | "any";
  /** The children in this order, each as often as stated. */
  readonly children?: readonly Child[];
  /** True where the element holds text, not elements. */
  readonly text?: true;
}

export interface Child {
  readonly shape: Shape;
  readonly min: number;
  readonly max: number;
}

export const one = (shape: Shape): Child => ({ shape, min: 1, max: 1 });
export const perhaps = (shape: Shape): Child => ({ shape, min: 0, max: 1 });
export const some = (shape: Shape): Child => ({ shape, min: 1, max: Infinity });
export const any = (shape: Shape): Child => ({ shape, min: 0, max: Infinity });

/** A failed check by name, for the record and the operator, without anything from outside. */
export function unverified(why: string): SignInRefused {
  return new SignInRefused("not_verified", why);
}

function is(element: XmlElement, shape: Shape): boolean {
  return element.namespace === shape.namespace && element.local === shape.local;
}

/**
 * Checks that the element and everything in it have the shape.
 * @throws SignInRefused not_verified
 */
export function checkShape(element: XmlElement, shape: Shape): void {
  if (!is(element, shape)) throw unverified(`the document is no ${shape.local}`);
  const { required = [], optional = [], foreign = [] } = shape;
  const present = new Set<string>();
  for (const { local, namespace } of element.attributes) {
    if (namespace === "") {
      if (!required.includes(local) && !optional.includes(local))
        throw unverified(`${shape.local} has an attribute that does not belong there`);
      present.add(local);
    } else if (foreign !== "any" && !foreign.includes(`{${namespace}}${local}`))
      throw unverified(`${shape.local} has an attribute that does not belong there`);
  }
  for (const name of required) if (!present.has(name)) throw unverified(`${shape.local} has no ${name}`);
  if (shape.text !== true && element.children.length === 0 && element.text.trim() !== "")
    throw unverified(`${shape.local} holds text`);
  let next = 0;
  for (const { shape: wanted, min, max } of shape.children ?? []) {
    const found = run(element.children, next, wanted);
    if (found.length < min) throw unverified(`${shape.local} has no ${wanted.local}`);
    if (found.length > max) throw unverified(`${shape.local} has more than one ${wanted.local}`);
    for (const child of found) checkShape(child, wanted);
    next += found.length;
  }
  if (next < element.children.length)
    throw unverified(`${shape.local} holds an element that does not belong there`);
}

/** The consecutive children with the name of that shape, from `start` on. */
function run(children: readonly XmlElement[], start: number, shape: Shape): readonly XmlElement[] {
  let end = start;
  for (let child = children[end]; child !== undefined && is(child, shape); child = children[end]) end += 1;
  return children.slice(start, end);
}

/** The value of an attribute without a namespace. */
export function attributeOf(element: XmlElement, local: string): string | undefined {
  return element.attributes.find((one_) => one_.local === local && one_.namespace === "")?.value;
}

/** The children with that name. */
export function childrenOf(element: XmlElement, namespace: string, local: string): readonly XmlElement[] {
  return element.children.filter((child) => child.namespace === namespace && child.local === local);
}

/**
 * The one child with that name.
 * @throws SignInRefused not_verified when there is none
 */
export function childOf(element: XmlElement, namespace: string, local: string): XmlElement {
  const [child] = childrenOf(element, namespace, local);
  if (child === undefined) throw unverified(`${element.local} has no ${local}`);
  return child;
}
