import { computingExtensions, isModuleSetting } from "./guard/found/computing.ts";
import { covers, isPattern, schemaOf } from "./guard/found/patterns.ts";
import { checkMasks } from "./masks/check.ts";
import type { PostgresScope, Problem, StatementKind } from "./scope.ts";

/** Problems of the members that go beyond single tables: kinds without names, names without kinds, patterns. */
export function checkMembers(scope: PostgresScope): readonly Problem[] {
  return [
    ...checkKinds(scope),
    ...checkPatterns(scope),
    ...checkLeaks(scope),
    ...checkExcept(scope),
    ...checkExtensions(scope),
    ...checkSettings(scope),
    ...checkTemporary(scope),
    ...checkMasks(scope),
  ];
}

/** Kinds of statements that need a list, with what that lists. */
const listed = [
  ["call", "procedures"],
  ["listen", "channels"],
  ["notify", "channels"],
] as const satisfies readonly (readonly [StatementKind, keyof PostgresScope])[];

function checkKinds(scope: PostgresScope): readonly Problem[] {
  const problems: Problem[] = [];
  const granted = new Set<StatementKind>(scope.statements);
  for (const [kind, member] of listed)
    if (granted.has(kind) && scope[member].length === 0)
      problems.push({
        path: ["statements"],
        message: `${kind} can never be used: ${member} is empty`,
        hint: `list ${member}, or remove ${kind}`,
      });
  for (const member of ["procedures", "channels"] as const) {
    const kinds = listed.filter(([, each]) => each === member).map(([kind]) => kind);
    if (scope[member].length > 0 && !kinds.some((kind) => granted.has(kind)))
      problems.push({
        path: [member],
        message: `${member} can never be used: statements has no ${kinds.join(" or ")}`,
        hint: `add ${kinds[0]} to statements, or remove ${member}`,
      });
  }
  for (const kind of ["truncate", "refresh"] as const) {
    const isNamed = Object.values(scope.tables).some(
      (table) => typeof table === "object" && !Array.isArray(table) && table[kind] === true,
    );
    if (granted.has(kind) && !isNamed)
      problems.push({
        path: ["statements"],
        message: `${kind} can never be used: no table says ${kind}: true`,
        hint: `write it in a table's entry: { ${kind}: true }`,
      });
  }
  if (scope.require_where && granted.has("truncate"))
    problems.push({
      path: ["require_where"],
      message: "require_where and truncate contradict each other: TRUNCATE has no WHERE",
      hint: "remove truncate, or grant it in an operation of its own",
    });
  return problems;
}

function checkPatterns(scope: PostgresScope): readonly Problem[] {
  const named = [
    ...Object.keys(scope.tables).map((name) => ({ name, path: ["tables", name] })),
    ...scope.functions.map((name, index) => ({ name, path: ["functions", index] })),
    ...scope.procedures.map((name, index) => ({ name, path: ["procedures", index] })),
  ];
  return named
    .filter(({ name }) => isPattern(name) && /^(?:pg_|information_schema$)/u.test(schemaOf(name)))
    .map(({ name, path }) => ({
      path,
      message: `${name}: no pattern matches what belongs to PostgreSQL itself`,
      hint: "list names one by one",
    }));
}

/** Whoever accepts what a view may tell has looked at that view. */
function checkLeaks({ tables }: PostgresScope): readonly Problem[] {
  return Object.entries(tables).flatMap(([name, table]): Problem[] =>
    isPattern(name) && typeof table === "object" && !Array.isArray(table) && table.leaky_view !== undefined
      ? [
          {
            path: ["tables", name, "leaky_view"],
            message: `leaky_view accepts what one view may tell, and ${name} is a pattern`,
            hint: "list the view by its name, with an entry of its own",
          },
        ]
      : [],
  );
}

function checkExcept(scope: PostgresScope): readonly Problem[] {
  const names = [...Object.keys(scope.tables), ...scope.functions, ...scope.procedures];
  const patterns = names.filter(isPattern);
  return scope.except.flatMap((excepted, index): Problem[] => {
    const path = ["except", index];
    const swallowed = names.find((name) => covers(excepted, isPattern(name) ? name.slice(0, -1) : name));
    if (swallowed !== undefined)
      return [
        {
          path,
          message: `${excepted} excepts ${swallowed}, which the operation lists itself`,
          hint: "remove one of the two",
        },
      ];
    if (patterns.some((pattern) => covers(pattern, isPattern(excepted) ? excepted.slice(0, -1) : excepted)))
      return [];
    return [
      {
        path,
        message: `${excepted} excepts nothing: no pattern covers it`,
        hint: "remove it, or mend its name",
      },
    ];
  });
}

function checkExtensions(scope: PostgresScope): readonly Problem[] {
  return scope.extensions.flatMap((name, index): Problem[] =>
    computingExtensions.has(name)
      ? []
      : [
          {
            path: ["extensions", index],
            message: `${name} is not among the extensions that only compute: ${[...computingExtensions].join(", ")}`,
            hint: "list those of its functions and types that are meant",
          },
        ],
  );
}

function checkSettings(scope: PostgresScope): readonly Problem[] {
  return scope.settings.flatMap((name, index): Problem[] =>
    isModuleSetting(name)
      ? [
          {
            path: ["settings", index],
            message: `${name} belongs to PostgreSQL or a module of it, so no scope can grant it`,
            hint: "name a setting of your application's own",
          },
        ]
      : [],
  );
}

/** What of the database's own runs in a session could look a table up by name and find a temporary one. */
function checkTemporary(scope: PostgresScope): readonly Problem[] {
  if (!scope.temporary_tables) return [];
  return (["functions", "procedures", "types", "extensions"] as const).flatMap((member) =>
    scope[member].flatMap((name, index): Problem[] =>
      member !== "extensions" && schemaOf(name) === "pg_catalog"
        ? []
        : [
            {
              path: [member, index],
              message: `${name} and temporary_tables exclude each other: what the database's own code looks up by name could be a temporary table`,
              hint: "grant one of the two alone",
            },
          ],
    ),
  );
}
