import { existsSync, mkdirSync, readdirSync } from "node:fs";
import path from "node:path";
import { generateKeyPairSync } from "node:crypto";
import { cosignatureOf, cosignerKey } from "../../../packages/gateway/src/audit/leaving/testing/cosigner.ts";
import { leaves, refusals, toServer, type Got } from "../acts/leaving.ts";
import type { Act, Case, Document } from "../case.ts";
import { s3Cases } from "./s3.ts";

const at = (...member: (string | number)[]): (string | number)[] => ["audit", "checkpoints", ...member];
const inTo = (...member: (string | number)[]): (string | number)[] => at("to", 0, ...member);

/** One destination, with these members. */
const to =
  (members: Document) =>
  (document: Document): void => {
    document.audit = { checkpoints: { to: [{ name: "outside", ...structuredClone(members) }] } };
  };

const { untrusted, insecure } = refusals;
const none = /^configuration \| a destination is one of/;
const [mine, other] = [generateKeyPairSync("ed25519").privateKey, generateKeyPairSync("ed25519").privateKey];
const [key, otherKey] = [cosignerKey("witness.test/w1", mine), cosignerKey("witness.test/w1", other)];
const webhook = { url: "{{url}}/notes", allow_insecure_loopback: true };
const witness = { url: "{{url}}", key, allow_insecure_loopback: true };

const taken = (): { status: number } => ({ status: 200 });
const cosigns = ({ body }: Got): { status: number; body: string } => {
  const note = body.slice(body.indexOf("\n\n") + 2);
  return { status: 200, body: cosignatureOf("witness.test/w1", mine, note, 1_700_000_000) };
};
const isThere = (name: string): Act =>
  leaves(async ({ folder, bring }) => {
    const came = await bring(7);
    const place = path.join(folder, name);
    if (came !== "passed" || !existsSync(place)) return `elsewhere | ${came}`;
    return "passed";
  });
const places: readonly Case[] = [
  {
    at: inTo("file"),
    narrow: undefined,
    wide: "notes.txt",
    refused: none,
    act: isThere("notes.txt"),
    base: to({}),
  },
  {
    at: inTo("folder"),
    narrow: undefined,
    wide: "notes",
    refused: none,
    passes: /^1 is there$/,
    act: leaves(async ({ folder, bring }) => {
      // It is not made by the gateway: where its disk is not mounted, nothing would have left.
      mkdirSync(path.join(folder, "notes"));
      const came = await bring(7);
      return came === "passed" ? `${readdirSync(path.join(folder, "notes")).length} is there` : came;
    }),
    base: to({}),
  },
  {
    at: inTo("name"),
    narrow: "Outside",
    wide: "outside",
    refused: /^configuration \| a destination's name/,
    act: isThere("notes.txt"),
    base: to({ file: "notes.txt" }),
  },
];

const overWebhook: readonly Case[] = [
  {
    at: inTo("webhook"),
    narrow: undefined,
    wide: webhook,
    refused: none,
    act: toServer(taken),
    base: to({}),
  },
  {
    at: inTo("webhook", "url"),
    narrow: "{{url}}/elsewhere",
    wide: webhook.url,
    refused: /^\/elsewhere$/,
    passes: /^\/notes$/,
    act: toServer(taken, ({ path: where }) => where),
    base: to({ webhook }),
  },
  {
    at: inTo("webhook", "headers"),
    narrow: undefined,
    wide: { authorization: { env: "SECRET" } },
    refused: /^none$/,
    passes: /^correct$/,
    act: toServer(taken, ({ headers }) => headers.authorization ?? "none"),
    base: to({ webhook }),
  },
  {
    at: inTo("webhook", "headers", "authorization"),
    narrow: { env: "WRONG" },
    wide: { env: "SECRET" },
    refused: /^wrong$/,
    passes: /^correct$/,
    act: toServer(taken, ({ headers }) => headers.authorization ?? "none"),
    base: to({ webhook: { ...webhook, headers: {} } }),
  },
  {
    at: inTo("webhook", "ca"),
    narrow: "other-ca.pem",
    wide: "ca.pem",
    refused: untrusted,
    act: toServer(taken, undefined, "tls"),
    base: to({ webhook: { url: webhook.url } }),
  },
  {
    at: inTo("webhook", "allow_insecure_loopback"),
    narrow: false,
    wide: true,
    refused: insecure,
    act: toServer(taken),
    base: to({ webhook: { url: webhook.url } }),
  },
];

const intoBucket = s3Cases(inTo("s3"), to, leaves, none);

const byWitness: readonly Case[] = [
  {
    at: inTo("witness"),
    narrow: undefined,
    wide: witness,
    refused: none,
    act: toServer(cosigns),
    base: to({}),
  },
  {
    at: inTo("witness", "url"),
    narrow: "{{url}}/below",
    wide: witness.url,
    refused: /^\/below\/add-checkpoint$/,
    passes: /^\/add-checkpoint$/,
    act: toServer(cosigns, ({ path: where }) => where),
    base: to({ witness }),
  },
  {
    at: inTo("witness", "key"),
    narrow: otherKey,
    wide: key,
    refused: /^failed \|/,
    act: toServer(cosigns),
    base: to({ witness }),
  },
  {
    at: inTo("witness", "ca"),
    narrow: "other-ca.pem",
    wide: "ca.pem",
    refused: untrusted,
    act: toServer(cosigns, undefined, "tls"),
    base: to({ witness: { url: witness.url, key } }),
  },
  {
    at: inTo("witness", "allow_insecure_loopback"),
    narrow: false,
    wide: true,
    refused: insecure,
    act: toServer(cosigns),
    base: to({ witness: { url: witness.url, key } }),
  },
];

const file = { file: "notes.txt" };

export const checkpointCases: readonly Case[] = [
  {
    at: at("every"),
    narrow: "1h",
    wide: "10s",
    refused: /^not yet$/,
    act: leaves(async ({ bring, clock }) => {
      await bring(7);
      const again = bring(9);
      clock.advance(20_000);
      // A file is written in milliseconds; what waits for its time is not written at all.
      const late = new Promise<string>((resolve) => setTimeout(() => resolve("not yet"), 3000));
      const came = await Promise.race([again, late]);
      // Not by an hour more: the attempt that begins then has its own time.
      if (came === "not yet") clock.advance(3_590_000);
      await again;
      return came;
    }),
    base: to(file),
  },
  {
    at: at("to"),
    narrow: [],
    wide: [{ name: "outside", ...file }],
    refused: /^configuration \|/,
    act: isThere("notes.txt"),
    base: (document) => {
      document.audit = { checkpoints: {} };
    },
  },
  {
    at: ["audit", "checkpoints"],
    narrow: undefined,
    wide: { to: [{ name: "outside", ...file }] },
    refused: /^nothing leaves$/,
    act: isThere("notes.txt"),
  },
  ...places,
  ...overWebhook,
  ...intoBucket,
  ...byWitness,
];
