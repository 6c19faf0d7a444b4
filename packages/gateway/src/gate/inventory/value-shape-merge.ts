/** The types that values had; one that none of them had is left out. */
export interface ValueShape {
  readonly null?: true | undefined;
  readonly boolean?: true | undefined;
  readonly number?: "integer" | "number" | undefined;
  readonly string?: StringShape | undefined;
  readonly array?: ArrayShape | undefined;
  readonly object?: RecordShape | MapShape | undefined;
}

export interface StringShape {
  /** Not shorter than the longest: a power of two. */
  readonly max: number;
  /** The format that all of them have. */
  readonly format?: string;
}

export interface ArrayShape {
  /** Not fewer than the longest has: a power of two. */
  readonly max: number;
  /** All items together; left out: there was none. */
  readonly items?: ValueShape;
}

/** Objects whose members have names that a programmer chose, in the order of their names. */
export interface RecordShape {
  readonly kind: "record";
  readonly members: readonly Member[];
}

export interface Member {
  readonly name: string;
  /** Whether one of the objects lacked it. */
  readonly optional: boolean;
  readonly shape: ValueShape;
}

/** Objects whose members' names are data. */
export interface MapShape {
  readonly kind: "map";
  /** Not fewer than the largest has: a power of two. */
  readonly max: number;
  /** Not shorter than the longest name: a power of two. */
  readonly maxName: number;
  /** All members' values together. */
  readonly values: ValueShape;
}

/** The most names that objects at one place have, before they are taken for data. */
const MAX_NAMES = 50;
/** The least bound of a text, in characters. */
export const MIN_CHARACTERS = 64;
/** The least bound of a map. No record has more, so that it does not matter when it becomes one. */
const MIN_MEMBERS = 64;

/** The power of two that is not below a size. */
export const powerOver = (least: number, size: number): number =>
  Math.max(least, 2 ** Math.ceil(Math.log2(Math.max(size, 1))));

const counted = new WeakMap<ValueShape, number>();

/** How many parts a shape has. What is merged shares most of its parts with what it was merged from: they are counted once. */
export function partsOf(shape: ValueShape): number {
  const known = counted.get(shape);
  if (known !== undefined) return known;
  const { array, object } = shape;
  let parts = 1;
  if (array?.items !== undefined) parts += partsOf(array.items);
  if (object?.kind === "map") parts += partsOf(object.values);
  if (object?.kind === "record") for (const member of object.members) parts += partsOf(member.shape);
  // One part is counted as quickly as it is looked up.
  if (parts > 1) counted.set(shape, parts);
  return parts;
}

const byName = (one: Member, other: Member): number =>
  one.name < other.name ? -1 : Number(one.name > other.name);

/** The shape of one object. @param holdsData whether one of its names is data */
export function shapeOfObject(members: readonly Member[], holdsData: boolean): RecordShape | MapShape {
  if (holdsData || members.length > MAX_NAMES) return asMap(members, powerOver(MIN_MEMBERS, members.length));
  return { kind: "record", members: members.toSorted(byName) };
}

function asMap(members: readonly Member[], max = MIN_MEMBERS): MapShape {
  let values: ValueShape = members[0]?.shape ?? {};
  let maxName = MIN_CHARACTERS;
  for (const { name, shape } of members) {
    values = joined(values, shape);
    maxName = powerOver(maxName, name.length);
  }
  return { kind: "map", max, maxName, values };
}

/** Either of two parts, or both in one. */
function either<T>(one: T | undefined, other: T | undefined, both: (one: T, other: T) => T): T | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return both(one, other);
}

/**
 * Both shapes in one: the first itself, where the other adds nothing. Its types stand in one order, so that equal shapes have equal
 * texts.
 */
export function joined(one: ValueShape, other: ValueShape): ValueShape {
  const number = either(one.number, other.number, joinedNumbers);
  const string = either(one.string, other.string, joinedStrings);
  const array = either(one.array, other.array, joinedArrays);
  const object = either(one.object, other.object, joinedObjects);
  const isNull = one.null === true || other.null === true;
  const isBoolean = one.boolean === true || other.boolean === true;
  const hasSameParts = array === one.array && object === one.object && string === one.string;
  const hasSameTypes = isNull === (one.null === true) && isBoolean === (one.boolean === true);
  if (hasSameParts && hasSameTypes && number === one.number) return one;
  // Without spreads, which are slow: lists have many items.
  return {
    null: isNull ? true : undefined,
    boolean: isBoolean ? true : undefined,
    number,
    string,
    array,
    object,
  };
}

type NumberShape = NonNullable<ValueShape["number"]>;

const joinedNumbers = (one: NumberShape, other: NumberShape): NumberShape => (one === other ? one : "number");

function joinedStrings(one: StringShape, other: StringShape): StringShape {
  const max = Math.max(one.max, other.max);
  const format = one.format === other.format ? one.format : undefined;
  if (max === one.max && format === one.format) return one;
  return format === undefined ? { max } : { max, format };
}

function joinedArrays(one: ArrayShape, other: ArrayShape): ArrayShape {
  const max = Math.max(one.max, other.max);
  const items = either(one.items, other.items, joined);
  if (max === one.max && items === one.items) return one;
  return items === undefined ? { max } : { max, items };
}

function joinedObjects(one: RecordShape | MapShape, other: RecordShape | MapShape): RecordShape | MapShape {
  if (one.kind === "record" && other.kind === "record") {
    const members = joinedMembers(one.members, other.members);
    // None of the objects had more members than a record has.
    return members.length > MAX_NAMES ? asMap(members) : { kind: "record", members };
  }
  const a = one.kind === "map" ? one : asMap(one.members);
  const b = other.kind === "map" ? other : asMap(other.members);
  const [max, maxName] = [Math.max(a.max, b.max), Math.max(a.maxName, b.maxName)];
  const values = joined(a.values, b.values);
  const isSame = values === a.values && max === a.max && maxName === a.maxName;
  return isSame ? a : { kind: "map", max, maxName, values };
}

/** A member that one of the two lacks is optional. */
function joinedMembers(one: readonly Member[], other: readonly Member[]): readonly Member[] {
  const members = new Map(one.map((member) => [member.name, { ...member, optional: true }]));
  const required = new Set(one.filter(({ optional }) => !optional).map(({ name }) => name));
  for (const { name, optional, shape } of other) {
    const known = members.get(name);
    members.set(name, {
      name,
      optional: optional || !required.has(name),
      shape: known === undefined ? shape : joined(known.shape, shape),
    });
  }
  return [...members.values()].toSorted(byName);
}
