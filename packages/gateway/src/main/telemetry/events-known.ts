import type { FilePlace } from "../../configuration/load.ts";
import type { Configuration, ConfigurationProblem } from "../../configuration/types.ts";
import { recordTypes } from "../../audit/records.ts";
import { closestName } from "../../kernel/closest-name.ts";
import { matchesNothing } from "../../notifications/event-patterns.ts";

/**
 * Webhooks' patterns that no record would ever match: what the configuration cannot know by itself.
 * @param locate where the value at a path stands
 */
export function unknownEvents(
  { notifications }: Configuration,
  locate: (path: (string | number)[]) => FilePlace,
): readonly ConfigurationProblem[] {
  return notifications.webhooks.flatMap(({ events }, index) =>
    (events ?? []).flatMap((pattern, at) => {
      if (!matchesNothing(pattern)) return [];
      const known = [...recordTypes, ...new Set(recordTypes.map((type) => `${type.split(".")[0]}.*`))];
      const near = closestName(pattern, known);
      return [
        {
          ...locate(["notifications", "webhooks", index, "events", at]),
          message: `there are no records of the type ${pattern}`,
          hint: near === undefined ? "docs/audit.md lists the types" : `did you mean ${near}?`,
        },
      ];
    }),
  );
}
