import { isName } from "../../checks/names.ts";
import { displayName } from "../display-name.ts";
import { assertion, transientFormat } from "./names.ts";
import { attributeOf, childOf, childrenOf, unverified } from "./shape.ts";
import type { XmlElement } from "./xml.ts";

/** Whom a verified assertion names. */
export interface Named {
  readonly login: string;
  readonly displayName: string | undefined;
  readonly nameId: string;
  readonly sessionIndex: string | undefined;
  readonly groups: readonly string[];
}

/** Which attributes say what. */
export interface Attributes {
  readonly groups: string;
  /** Where the login is; the NameID when left out. */
  readonly login: string | undefined;
}

const maxGroups = 2_000;

/** What providers name the attribute with a person's name: as Okta's guides do, and as its standard does (RFC 2798). */
const displayNames = ["displayName", "urn:oid:2.16.840.1.113730.3.1.241"];

/**
 * Reads the person out of a verified assertion. Groups may be one value or many, in one attribute or in several of
 * the same name; without the attribute there are none.
 * @throws SignInRefused not_verified when the login or a group is no name
 */
export function readPerson(element: XmlElement, attributes: Attributes): Named {
  const nameId = childOf(childOf(element, assertion, "Subject"), assertion, "NameID");
  if (!isName(nameId.text)) throw unverified("NameID names nobody");
  const login = attributes.login === undefined ? nameId.text : loginOf(element, attributes.login);
  if (attributes.login === undefined && attributeOf(nameId, "Format") === transientFormat)
    throw unverified(
      "NameID is transient, so that it names nobody twice: set another format at the provider",
    );
  const groups = valuesOf(element, attributes.groups);
  if (groups.length > maxGroups) throw unverified("too many groups");
  if (!groups.every((group) => isName(group))) throw unverified("a group that is no name");
  const sessionIndex = attributeOf(childOf(element, assertion, "AuthnStatement"), "SessionIndex");
  if (sessionIndex !== undefined && !isName(sessionIndex)) throw unverified("SessionIndex is no name");
  const [shown] = displayNames.flatMap((name) => valuesOf(element, name));
  return {
    login,
    displayName: displayName(shown, login),
    nameId: nameId.text,
    sessionIndex,
    groups: [...new Set(groups)],
  };
}

function loginOf(element: XmlElement, name: string): string {
  const [login, ...more] = valuesOf(element, name);
  if (!isName(login)) throw unverified("the login attribute names nobody");
  if (more.length > 0) throw unverified("the login attribute has more than one value");
  return login;
}

/** The values of an attribute that are any: providers write "no value" as an empty element, nil or not. */
function valuesOf(element: XmlElement, name: string): readonly string[] {
  return childrenOf(element, assertion, "AttributeStatement")
    .flatMap((statement) => childrenOf(statement, assertion, "Attribute"))
    .filter((attribute) => attributeOf(attribute, "Name") === name)
    .flatMap((attribute) => childrenOf(attribute, assertion, "AttributeValue"))
    .map(({ text }) => text)
    .filter((text) => text !== "");
}
