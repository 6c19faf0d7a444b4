import { isClaimName } from "../../checks/names.ts";
import { displayName } from "../display-name.ts";
import { assertion, transientFormat } from "./names.ts";
import { attributeOf, childOf, childrenOf, unverified } from "./shape.ts";
import type { XmlElement } from "./xml.ts";

/** The person in a verified assertion. */
export interface Named {
  readonly login: string;
  readonly displayName: string | undefined;
  readonly nameId: string;
  /** The provider's own id of them, where an attribute says it. */
  readonly id: string | undefined;
  readonly sessionIndex: string | undefined;
  readonly groups: readonly string[];
}

/** The attributes that hold each fact. */
export interface Attributes {
  readonly groups: string;
  /** The attribute with the login; left out: the NameID. */
  readonly login: string | undefined;
  /** The attribute with the provider's own id of the person; left out: none. */
  readonly id: string | undefined;
}

const MAX_GROUPS = 2_000;

/** Attributes with a person's name: as in Okta's guides, and as RFC 2798 names it. */
const displayNames = ["displayName", "urn:oid:2.16.840.1.113730.3.1.241"];

/**
 * Reads the person from a verified assertion. Groups may be one value or many, in one attribute or in several of the same
 * name; without the attribute there are no groups.
 * @throws SignInRefused not_verified when the login or a group is not a valid name
 */
export function readPerson(element: XmlElement, attributes: Attributes): Named {
  const nameId = childOf(childOf(element, assertion, "Subject"), assertion, "NameID");
  if (!isClaimName(nameId.text)) throw unverified("NameID names nobody");
  const login = attributes.login === undefined ? nameId.text : nameIn(element, attributes.login, "login");
  if (attributes.login === undefined && attributeOf(nameId, "Format") === transientFormat)
    throw unverified(
      "NameID is transient, so that it names nobody twice: set another format at the provider",
    );
  const groups = valuesOf(element, attributes.groups);
  if (groups.length > MAX_GROUPS) throw unverified("too many groups");
  if (!groups.every((group) => isClaimName(group))) throw unverified("a group that is no name");
  const sessionIndex = attributeOf(childOf(element, assertion, "AuthnStatement"), "SessionIndex");
  if (sessionIndex !== undefined && !isClaimName(sessionIndex)) throw unverified("SessionIndex is no name");
  const [shown] = displayNames.flatMap((name) => valuesOf(element, name));
  return {
    login,
    displayName: displayName(shown, login),
    nameId: nameId.text,
    id: attributes.id === undefined ? undefined : nameIn(element, attributes.id, "id"),
    sessionIndex,
    groups: [...new Set(groups)],
  };
}

/** The name in an attribute. A configured attribute that is missing names nobody. */
function nameIn(element: XmlElement, attribute: string, what: "login" | "id"): string {
  const [name, ...more] = valuesOf(element, attribute);
  if (!isClaimName(name)) throw unverified(`the ${what} attribute names nobody`);
  if (more.length > 0) throw unverified(`the ${what} attribute has more than one value`);
  return name;
}

/** The values of an attribute, without empty ones: providers write "no value" as an empty element, nil or not. */
function valuesOf(element: XmlElement, name: string): readonly string[] {
  return childrenOf(element, assertion, "AttributeStatement")
    .flatMap((statement) => childrenOf(statement, assertion, "Attribute"))
    .filter((attribute) => attributeOf(attribute, "Name") === name)
    .flatMap((attribute) => childrenOf(attribute, assertion, "AttributeValue"))
    .map(({ text }) => text)
    .filter((text) => text !== "");
}
