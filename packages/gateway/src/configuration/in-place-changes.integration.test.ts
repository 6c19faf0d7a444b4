// tier: full
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compareConfigurations } from "../main/diff/compare.ts";
import { protocols } from "../main/protocols.ts";
import { describeChanges } from "./changes.ts";
import { loadedBody, refundOf, schema, schemaFile } from "./testing/in-place.ts";
import type { Configuration } from "./types.ts";

// That a change of a schema which stands in the configuration file itself is seen wherever one of a schema's file is.

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mayfly-in-place-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const loaded = (body: string): Promise<Configuration> => loadedBody(folder, body, protocols);

describe("a change of it", () => {
  const digests = async (body: string): Promise<readonly string[]> => {
    const configuration = await loaded(body);
    return [configuration.digest, refundOf(configuration).digest];
  };
  const more = schema.replace("500", "501");

  test("counts in the configuration's digest and in the operation's", async () => {
    const [whole, operation] = await digests(`{ schema: ${schema} }`);
    const [otherWhole, otherOperation] = await digests(`{ schema: ${more} }`);
    expect(otherWhole).not.toBe(whole);
    expect(otherOperation).not.toBe(operation);
  });

  test.each([
    ["a file in its place", "any.json"],
    ["none", "{}"],
  ])("and so does %s", async (_, body) => {
    await writeFile(join(folder, "any.json"), "{}");
    const [whole, operation] = await digests(`{ schema: ${schema} }`);
    const [otherWhole, otherOperation] = await digests(body);
    expect(otherWhole).not.toBe(whole);
    expect(otherOperation).not.toBe(operation);
  });

  test("but not the order of its members, nor how it is written", async () => {
    const ordered =
      "{ schema: { additionalProperties: false, properties: { cents: { maximum: 5e2, type: integer } }, type: 'object' } }";
    expect(await digests(ordered)).toEqual(await digests(`{ schema: ${schema} }`));
  });

  test("from a file into the configuration is no change of what passes", async () => {
    await writeFile(join(folder, "same.json"), schemaFile);
    const [file, inPlace] = [await loaded("same.json"), await loaded(`{ schema: ${schema} }`)];
    const found = compareConfigurations(file, inPlace, protocols).map(({ kind, what }) => `${kind}: ${what}`);
    expect(found).toEqual(["other: is written otherwise, and lets the same through"]);
  });

  test("is told by mayflyd diff as a change of a file is", async () => {
    const file = async (text: string): Promise<Configuration> => {
      await writeFile(join(folder, "refund.json"), text);
      return loaded("refund.json");
    };
    const before = [await file(schemaFile), await loaded(`{ schema: ${schema} }`)] as const;
    const after = [
      await file(schemaFile.replace("500", "501")),
      await loaded(`{ schema: ${more} }`),
    ] as const;
    const found = compareConfigurations(before[1], after[1], protocols);
    expect(found.map(({ kind }) => kind)).toEqual(["wider", "narrower"]);
    expect(found).toEqual(compareConfigurations(before[0], after[0], protocols));
  });

  test("is told when the configuration is loaded again", async () => {
    const [before, same, after] = [
      await loaded(`{ schema: ${schema} }`),
      await loaded(`{ schema: ${schema} } # again`),
      await loaded(`{ schema: ${more} }`),
    ];
    expect(describeChanges(before, same)).toEqual([]);
    expect(describeChanges(before, after).map(({ what }) => what)).toEqual(["operation billing/refund"]);
  });
});
