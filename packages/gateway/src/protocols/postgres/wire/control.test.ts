import { expect, test } from "vitest";
import { frames, frame } from "../testing/wire.ts";
import { Control } from "./control.ts";

const sides = (...messages: Buffer[]): Buffer => Buffer.concat(messages);

test("what does nothing by itself leaves without a permit", () => {
  const bytes = sides(frames.bind("", "s"), frames.describe("P", ""), frames.close("S", "s"), frames.sync);
  const control = Control.of(bytes, 0, bytes.length);
  expect([control.start, control.end, control.permit]).toEqual([0, bytes.length, undefined]);
  expect(Control.is(control)).toBe(true);
});

test.each([
  ["Query", frames.query("drop table orders")],
  ["Parse", frames.parse("", "drop table orders")],
  ["Execute", frames.execute("")],
  ["FunctionCall", frame("F", Buffer.alloc(8))],
  ["Terminate", frames.terminate],
  ["a message that there is not", frame("~")],
])("%s does not, wherever it stands", (_, act) => {
  for (const bytes of [act, sides(frames.sync, act), sides(act, frames.sync)])
    expect(() => Control.of(bytes, 0, bytes.length)).toThrow("permit");
});

test("nor does half a message, or one that ends behind what is given", () => {
  const bytes = sides(frames.sync, frames.bind("", "s"));
  expect(() => Control.of(bytes, 0, bytes.length - 1)).toThrow("half");
  expect(() => Control.of(bytes, 0, 7)).toThrow("permit");
});

test("settings are the gateway's own, and numbers", () => {
  expect(Control.settings("own", ["set statement_timeout = 100"]).bytes.toString("latin1")).toContain(
    "set statement_timeout = 100",
  );
  for (const sql of ["drop table orders", "set role = 1; drop table orders", "set role = admin"])
    expect(() => Control.settings("own", [sql])).toThrow("own");
});

test("nothing else makes one", () => {
  const bytes = frames.query("drop table orders");
  // @ts-expect-error only its own file constructs it
  expect(() => new Control(Symbol("make"), bytes, 0, bytes.length)).toThrow("alone");
  // @ts-expect-error what has its shape is none
  const alike: Control = { bytes, start: 0, end: bytes.length, permit: undefined };
  expect(Control.is(alike)).toBe(false);
});
