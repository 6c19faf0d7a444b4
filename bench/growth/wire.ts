// Messages of PostgreSQL's protocol, as a client and a server send them.
import { cstring, int16, int32, message } from "../../packages/gateway/src/protocols/postgres/wire/build.ts";

const tag = (kind: string): number => kind.charCodeAt(0);

/** A statement is prepared under a name, which is then given values, described and executed. */
export const parse = (name: string, sql: string): Buffer =>
  message(tag("P"), cstring(name), cstring(sql), int16(0));
export const parsed = message(tag("1"));
export const bind = (name: string, value: string): Buffer =>
  message(
    tag("B"),
    cstring(""),
    cstring(name),
    int16(0),
    int16(1),
    int32(value.length),
    Buffer.from(value),
    int16(0),
  );
export const bound = message(tag("2"));
export const describe = message(tag("D"), Buffer.from("P"), cstring(""));
export const execute = message(tag("E"), cstring(""), int32(0));
export const sync = message(tag("S"));
export const query = (sql: string): Buffer => message(tag("Q"), cstring(sql));
export const rowDescription = message(
  tag("T"),
  int16(1),
  cstring("status"),
  int32(16384),
  int16(3),
  int32(25),
  int16(65_535),
  int32(-1),
  int16(0),
);
const VALUE = "shipped";
/** A row of one short text. */
export const row = message(tag("D"), int16(1), int32(VALUE.length), Buffer.from(VALUE));
export const ready = message(tag("Z"), Buffer.from("I"));
export const done = [message(tag("C"), cstring("SELECT 1")), ready];
