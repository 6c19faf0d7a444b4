import { expect, it } from "vitest";
import type { HttpAct } from "./act.ts";
import { judgeBody } from "./body/judge.ts";
import type { CompiledBody } from "./compile.ts";

const rule: CompiledBody = {
  max: 16_777_216,
  types: ["application/json"],
  check: undefined,
  schema: undefined,
};
const posted = (body: string): HttpAct => ({
  method: "POST",
  target: "/v1/rows",
  headers: ["content-type", "application/json"],
  body: { kind: "read", bytes: Buffer.from(body) },
});

it("judges a body of as many values as memory is there for, and no more", () => {
  expect(judgeBody(posted(`[${"0,".repeat(999_998)}0]`), rule)).toBeUndefined();
  expect(judgeBody(posted(`[${"0,".repeat(1_000_000)}0]`), rule)).toMatchObject({
    why: "the body holds more values than can be judged",
  });
  expect(judgeBody(posted(`[${"[],".repeat(600_000)}0]`), rule)).toMatchObject({
    why: "the body holds more values than can be judged",
  });
});
