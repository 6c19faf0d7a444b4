import { type Fields, kindOf, list } from "../syntax/nodes.ts";
import type { Work } from "../work.ts";
import { Conditions, ELSEWHERE } from "./conditions.ts";
import {
  comparedOf,
  NATURAL,
  checkSums,
  copiesOf,
  costOfCall,
  costOfCast,
  costOfOperation,
  costOfSorting,
  isGiven,
  SHORT_CALL,
  type Sums,
} from "./limits.ts";
import {
  Columns,
  type Given,
  joinedAs,
  most,
  named,
  nameOf,
  plain,
  renamed,
  type Scope,
  united,
  type Weight,
  withNamed,
} from "./parts.ts";
import { readWiths } from "./withs.ts";

/** What is no larger may be copied more than a few times uncounted: (a, b) IN (…). */
const [SMALL, FEW] = [20, 4];
const queries = new Set(["SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"]);
const leaves = new Set(["A_Const", "ParamRef", "String", "TypeName"]);
const sources = ["fromClause", "usingClause", "sourceRelation"];
const judged = new Set([...sources, "withClause", "larg", "rarg", "targetList", "valuesLists"]);
/** @throws GuardDenied when nothing could end what PostgreSQL does before a statement runs, or within one row of it */
export function checkPlanning(statement: unknown, work: Work): void {
  checkSums(new Planning(work).sums(statement));
}

/** One walk over a statement, and what it has found so far. */
class Planning {
  readonly #work: Work;
  #size = 0;
  #row = 0;
  #costliestRow = 0;
  #sorted = 0;
  readonly #conditions = new Conditions();
  /** Whether any part may become several. */
  #isCopied = false;

  constructor(work: Work) {
    this.#work = work;
  }

  sums(statement: unknown): Sums {
    this.#walk(statement, "", 0, undefined);
    return {
      expanded: this.#isCopied ? this.#size : 0,
      alternatives: this.#conditions.alternatives,
      compared: this.#conditions.compared,
      sorted: this.#sorted,
      inRow: this.#costliestRow,
    };
  }

  /** @param key under which the node stands: its kind, where it names one */
  #walk(node: unknown, key: string, place: number, scope: Scope | undefined): void {
    if (typeof node !== "object" || node === null || leaves.has(key)) return;
    this.#work.spend(1);
    if (Array.isArray(node)) {
      this.#conditions.compared += comparedOf(key, node);
      for (const each of node) this.#walk(each, "", place, scope);
      return;
    }
    const fields = node as Fields;
    let within = place;
    switch (key) {
      case "ColumnRef":
        return this.#add(this.#column(fields, scope), 1);
      case "A_Expr":
        return this.#operation(fields, place, scope);
      case "SubLink":
        return this.#subselect(fields, place, scope);
      case "FuncCall":
        return this.#call(fields, scope);
      case "CaseWhen":
        this.#walk(fields.expr, "", ELSEWHERE, scope);
        return this.#walk(fields.result, "", place, scope);
      case "BoolExpr":
        within = this.#conditions.count(fields, place);
        break;
      case "TypeCast":
        if (isGiven(fields.arg)) return;
        this.#row += costOfCast(fields);
    }
    if (queries.has(key)) {
      this.#query(fields, scope);
      return;
    }
    if (key !== "" && key < "a" && key !== "List") this.#size += 1;
    for (const name in fields) this.#walk(fields[name], name, within, scope);
  }

  #add({ size, row }: Weight, times: number): void {
    this.#size += size * times;
    this.#row += row * times;
  }

  /** Walks a part. @returns what it comes to */
  #weigh(node: unknown, place: number, scope: Scope | undefined): Weight {
    const [size, row] = [this.#size, this.#row];
    this.#walk(node, "", place, scope);
    return { size: this.#size - size, row: this.#row - row };
  }

  /** A part of which PostgreSQL makes several. */
  #copied(node: unknown, times: number, place: number, scope: Scope | undefined): void {
    const made = this.#weigh(node, place, scope);
    if (times > FEW && made.size <= SMALL && made.row < SHORT_CALL) return;
    if (times > 1 && made.size > SMALL) this.#isCopied = true;
    this.#add(made, times - 1);
  }

  #operation(fields: Fields, place: number, scope: Scope | undefined): void {
    this.#add({ size: 1, row: costOfOperation(fields) }, 1);
    const [left, right] = copiesOf(fields);
    this.#copied(fields.lexpr, left, place, scope);
    this.#copied(fields.rexpr, right, place, scope);
  }

  /** What is looked for in a sub-select is planned with a hash and without one (subselect.c, make_subplan). */
  #subselect({ testexpr, subselect }: Fields, place: number, scope: Scope | undefined): void {
    this.#size += 1;
    this.#copied(testexpr, 2, place, scope);
    this.#walk(subselect, "", place, scope);
  }

  #call(fields: Fields, scope: Scope | undefined): void {
    const before = this.#size;
    this.#size += 1;
    this.#row += costOfCall(fields);
    for (const name in fields) if (name !== "funcname") this.#walk(fields[name], name, ELSEWHERE, scope);
    if (fields.over !== undefined || fields.agg_distinct === true || fields.agg_order !== undefined)
      this.#sorted += costOfSorting(this.#size - before);
  }

  /** What a name comes to: a column of the item that it names, or of any where it names none; a row has all columns. */
  #column({ fields }: Fields, scope: Scope | undefined): Weight {
    const parts = list(fields);
    let found: Weight = { size: parts.length === 1 ? (scope?.merged ?? 0) + 1 : 1, row: 0 };
    for (let at = scope; at !== undefined; at = at.outer) {
      if (at.items.length === 0) continue;
      this.#work.spend(at.items.length);
      const [name, qualifier] = parts.map(nameOf).toReversed();
      for (const { name: item, given } of named(at, qualifier)) {
        const isRow = name === undefined || (qualifier === undefined && item === name);
        found = most(found, isRow ? given.whole : (given.columns.get(name ?? "") ?? given.largest));
      }
    }
    return found;
  }

  /** A statement with items of its own. */
  #query(fields: Fields, outer: Scope | undefined): Given {
    const scope: Scope = { outer, items: [], merged: 0 };
    const [start, compared, row] = [this.#size, this.#conditions.compared, this.#row];
    this.#row = 0;
    if (fields.withClause !== undefined)
      this.#conditions.compared += readWiths(fields.withClause, scope, (query) => this.#query(query, scope));
    const made = new Columns();
    const union = [fields.larg, fields.rarg].flatMap((arm) =>
      arm === undefined ? [] : [this.#query(arm as Fields, scope)],
    );
    for (const source of sources) for (const item of [fields[source]].flat()) this.#item(item, scope);
    const before = this.#size;
    this.#columns(fields, scope, made);
    for (const name in fields) if (!judged.has(name)) this.#walk(fields[name], name, 0, scope);
    if (scope.items.length > 0) this.#isCopied = true;
    const arms = Math.max(1, ...scope.items.map(({ given }) => given.arms));
    this.#size += (this.#size - before) * (arms - 1);
    this.#costliestRow = Math.max(this.#costliestRow, this.#row);
    this.#row = row;
    const all = { size: this.#size - start, compared: this.#conditions.compared - compared };
    if (fields.limitCount !== undefined || fields.limitOffset !== undefined) return { ...plain, ...all };
    const { columns, largest, whole } = made;
    return union.length > 0 ? { ...united(union), ...all } : { columns, largest, whole, arms, ...all };
  }

  /** A query's columns, also those of lists of VALUES, of which each is a row. */
  #columns(fields: Fields, scope: Scope, made: Columns): void {
    for (const target of list(fields.targetList)) {
      const { name, val } = (target as { ResTarget: Fields }).ResTarget;
      const parts = list((val as { ColumnRef?: Fields } | undefined)?.ColumnRef?.fields);
      const last = nameOf(parts.at(-1));
      const weight = this.#weigh(val, 0, scope);
      if (parts.length > 0 && last === undefined)
        made.addAll(weight, named(scope, nameOf(parts.at(-2))), this.#work);
      else made.add(weight, (name ?? last) as string);
    }
    for (const values of list(fields.valuesLists)) {
      const row = this.#row;
      for (const each of list((values as { List: Fields }).List.items))
        made.add(this.#weigh(each, 0, scope), undefined);
      this.#costliestRow = Math.max(this.#costliestRow, this.#row);
      this.#row = row;
    }
  }

  /** Adds an item of FROM. */
  #item(node: unknown, scope: Scope): void {
    const kind = kindOf(node);
    if (kind === undefined) return;
    const fields = (node as Record<string, Fields>)[kind] ?? {};
    const alias = fields.alias as Fields | undefined;
    if (kind === "JoinExpr") return this.#join(fields, alias, scope);
    this.#conditions.compared += 1;
    if (kind === "RangeVar") {
      const found = fields.schemaname === undefined ? withNamed(fields.relname, scope) : undefined;
      if (found === undefined) return;
      const given = renamed(found.given, alias?.colnames);
      if (found.repeats) {
        this.#size += given.size;
        this.#conditions.compared += given.compared;
      }
      scope.items.push({ name: alias?.aliasname ?? fields.relname, given });
    } else if (kind === "RangeSubselect") {
      const made = this.#query(Object.values(fields.subquery as Fields)[0] as Fields, scope);
      scope.items.push({ name: alias?.aliasname, given: renamed(made, alias?.colnames) });
    } else this.#walk(fields, kind, 0, scope);
  }

  #join(fields: Fields, alias: Fields | undefined, scope: Scope): void {
    const first = scope.items.length;
    this.#item(fields.larg, scope);
    this.#item(fields.rarg, scope);
    if (fields.jointype === "JOIN_FULL" && fields.quals === undefined) {
      scope.merged += 1;
      this.#isCopied = true;
      if (fields.isNatural === true) this.#conditions.compared += NATURAL;
    }
    this.#walk(fields.usingClause, "usingClause", 0, scope);
    this.#walk(fields.quals, "", 0, scope);
    if (alias === undefined) return;
    scope.items.push({ name: alias.aliasname, given: joinedAs(scope.items.splice(first)) });
  }
}
