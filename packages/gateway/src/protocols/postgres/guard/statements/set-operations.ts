import { made, oneOf, type Sizes } from "../deaf/size.ts";
import { isTyped } from "../expressions/expressions.ts";
import { as, type Fields, kindOf, list, open } from "../syntax/nodes.ts";
import type { Output, Walk } from "../syntax/walk.ts";

/** The output lists of the arms of set operations; undefined: one is not a list of plain expressions. */
function armsOf(select: Fields): readonly (readonly unknown[] | undefined)[] {
  if (select.larg !== undefined)
    return [select.larg, select.rarg].flatMap((arm) => armsOf(open("SelectStmt", arm)));
  const targets = list(select.targetList).map((target) => as("ResTarget", target)?.val);
  return [list(select.valuesLists).length > 0 || targets.some((each) => isStar(each)) ? undefined : targets];
}

/** A column that has a type of its own in every arm takes on none of what stands beside it: its values go to the client. */
export function noteTyped(select: Fields, { typed, work }: Walk): void {
  const arms = armsOf(select);
  const [first] = arms;
  work.spend(arms.length * (first?.length ?? 0));
  for (const [at] of first?.entries() ?? []) {
    const column = arms.map((arm) => arm?.[at]);
    if (!column.every((each) => isTyped(each))) continue;
    for (const each of column) if (typeof each === "object" && each !== null) typed.add(each);
  }
}

/** Whether a node is a row that PostgreSQL expands where it stands: `t.*` or `(expression).*`. */
export function isStar(node: unknown): boolean {
  const last =
    list(as("ColumnRef", node)?.fields).at(-1) ?? list(as("A_Indirection", node)?.indirection).at(-1);
  return kindOf(last) === "A_Star";
}

/** What a set operation returns: the columns of its first arm, each as long as in either. */
export function ofArms(first: Output, second: Output): Output {
  const { sizes, columns, complete } = first;
  const others = second.sizes;
  if (sizes === undefined || others === undefined)
    return { ...first, isOfCatalogue: false, sizes: () => made };
  const otherOf: Sizes = (column) => {
    const place = complete && second.complete && column !== undefined ? columns.indexOf(column) : -1;
    return others(second.columns[place]);
  };
  return { ...first, isOfCatalogue: false, sizes: (column) => oneOf([sizes(column), otherOf(column)]) };
}
