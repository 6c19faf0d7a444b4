// CHANGELOG.md in the form of keepachangelog.com 1.1.0: one section a version, newest first.

/** What the changelog says of one version, or what is wrong with it. */
export type ChangelogEntry =
  | { readonly kind: "entry"; readonly date: string; readonly text: string }
  | { readonly kind: "problem"; readonly problem: string };

/** Finds the section of a version: it needs a real date and at least one line that tells of a change. */
export function changelogEntry(changelog: string, version: string): ChangelogEntry {
  const sections = changelog.split(/^## /m).slice(1);
  const found = sections.filter((section) => section.startsWith(`[${version}]`));
  const [section] = found;
  if (section === undefined) return problem(`CHANGELOG.md has no section "## [${version}] - YYYY-MM-DD"`);
  if (found.length > 1) return problem(`CHANGELOG.md has ${found.length} sections for ${version}`);
  const [heading = "", ...lines] = section.split("\n");
  const date = /^\[[^\]]+\] - (\d{4}-\d{2}-\d{2})$/.exec(heading.trimEnd())?.[1];
  if (date === undefined || !isDay(date))
    return problem(
      `CHANGELOG.md: "## ${heading.trimEnd()}" needs a date, as in "## [${version}] - 2026-01-31"`,
    );
  // Link definitions, which stand below the last section, belong to none.
  const text = lines
    .filter((line) => !/^\[[^\]]+\]: /.test(line))
    .join("\n")
    .trim();
  if (!/^- \S/m.test(text)) return problem(`CHANGELOG.md tells of no change in ${version}`);
  return { kind: "entry", date, text };
}

function problem(text: string): ChangelogEntry {
  return { kind: "problem", problem: text };
}

/** Whether a text is a day of the calendar: `Date` would turn February 30th into March 2nd. */
function isDay(text: string): boolean {
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}
