import fc from "@mayfly/testing/fast-check.ts";
import { describe, expect, test } from "vitest";
import { decodeBind, decodeExecute, decodeFields, decodeParse, decodeQuery, decodeTarget } from "./codec.ts";
import { createCarry, createMessageReader, u32, WireError } from "./framing.ts";
import { firstPacketLength, parseFirstPacket } from "../login/startup.ts";
import { frame, frames, int32, startup } from "../testing/wire.ts";

const text = fc.string({ unit: "grapheme", maxLength: 40 }).map((each) => each.replaceAll("\0", ""));

function parsed({ name, sql, types }: ReturnType<typeof decodeParse>): unknown {
  return { name, sql, types };
}

/** Decodes whatever message stands there, as a session would. */
function decodeAny(bytes: Buffer): unknown {
  const end = bytes.length;
  switch (String.fromCharCode(bytes[0] ?? 0)) {
    case "Q":
      return decodeQuery(bytes, 5, end);
    case "P":
      return parsed(decodeParse(bytes, 5, end));
    case "B":
      return decodeBind(bytes, 5, end);
    case "E":
      return decodeExecute(bytes, 5, end);
    default:
      return decodeTarget(bytes, 5, end);
  }
}

const message = fc.oneof(
  text.map((sql) => frames.query(sql)),
  fc.tuple(text, text).map(([name, sql]) => frames.parse(name, sql)),
  fc
    .tuple(text, text, fc.array(text, { maxLength: 5 }))
    .map(([portal, name, values]) => frames.bind(portal, name, values)),
  fc.tuple(text, fc.nat()).map(([portal, rows]) => frames.execute(portal, rows)),
  text.map((name) => frames.describe("S", name)),
);

describe("messages after log-in", () => {
  test("what was encoded is what is decoded", () => {
    fc.assert(
      fc.property(text, text, fc.array(text, { maxLength: 5 }), (name, other, values) => {
        expect(decodeAny(frames.query(name))).toBe(name);
        expect(decodeAny(frames.parse(name, other))).toEqual({ name, sql: other, types: [] });
        expect(decodeAny(frames.bind(name, other, values))).toMatchObject({
          portal: name,
          statement: other,
          parameters: JSON.stringify(values),
        });
        expect(decodeAny(frames.describe("P", name))).toEqual({ kind: "P", name });
      }),
    );
  });

  test("every byte altered and every length cut short gives a message or a WireError, nothing else", () => {
    fc.assert(
      fc.property(message, fc.nat(), fc.nat(255), fc.nat(), (bytes, at, byte, cut) => {
        const altered = Buffer.from(bytes);
        altered[5 + (at % Math.max(1, bytes.length - 5))] = byte;
        for (const each of [altered, altered.subarray(0, 5 + (cut % Math.max(1, bytes.length - 5)))]) {
          let thrown: unknown;
          try {
            decodeAny(each);
          } catch (error) {
            thrown = error;
          }
          expect(thrown === undefined || thrown instanceof WireError).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test("nulls, binary values and texts that are not UTF-8", () => {
    const values = [
      int32(-1),
      int32(2),
      Buffer.from([0xff, 0x00]),
      int32(1),
      Buffer.from("é").subarray(0, 1),
    ];
    const bind = frame("B", "", "", 3, 0, 1, 0, 3, ...values, 0);
    expect(decodeBind(bind, 5, bind.length).parameters).toBe('[null,{"base64":"/wA="},{"base64":"ww=="}]');
    const query = frame("Q", Buffer.from([0xff, 0]));
    expect(() => decodeQuery(query, 5, query.length)).toThrow("not valid UTF-8");
    const real = frames.query("select '\uFFFD'");
    expect(decodeQuery(real, 5, real.length)).toBe("select '\uFFFD'");
  });

  test("counts beyond the body, bytes behind it, and formats that do not fit", () => {
    for (const bytes of [
      frame("B", "", "", 0, 5, 0),
      frame("B", "", "", 2, 0, 0, 1, int32(0), 0),
      frame("B", "", "", 0, 1, int32(99), Buffer.from("x"), 0),
      frame("B", "", "", 0, 0, 0, Buffer.from("x")),
      frame("B", "", "", 1, 7, 1, int32(0), 0),
      frame("P", "", "select 1", 2, int32(23)),
      frame("P", "", "select 1", 0, Buffer.from("x")),
      frame("E", "", int32(0), Buffer.from("x")),
      frame("D", Buffer.from("X"), ""),
    ]) {
      expect(() => decodeAny(bytes)).toThrow(WireError);
    }
  });

  test("an error's fields never run past its end", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (body) => {
        const { code } = decodeFields(Buffer.from(body), 0, body.length);
        expect(code).toMatch(/^[0-9A-Z]{5}$/);
      }),
    );
  });
});

describe("framing", () => {
  test("split anywhere, the same messages", () => {
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 20 })),
        (all, cuts) => {
          const bytes = Buffer.concat(all);
          const reader = createMessageReader(100_000);
          const carry = createCarry();
          const seen: string[] = [];
          const carried: string[] = [];
          for (let at = 0, round = 0; at < bytes.length; round += 1) {
            const chunk = bytes.subarray(at, at + (cuts[round % Math.max(1, cuts.length)] ?? 7));
            at += chunk.length;
            reader.add(chunk);
            for (let next = reader.next(); next !== undefined; next = reader.next())
              seen.push(next.body.toString("hex"));
            const together = carry.add(chunk);
            let taken = 0;
            while (together.length - taken >= 5 && together.length >= taken + 1 + u32(together, taken + 1)) {
              const end = taken + 1 + u32(together, taken + 1);
              carried.push(together.toString("hex", taken + 5, end));
              taken = end;
            }
            if (taken > 0) carry.keep(together.subarray(taken));
          }
          const expected = all.map((each) => each.toString("hex", 5));
          expect(seen).toEqual(expected);
          expect(carried).toEqual(expected);
        },
      ),
    );
  });

  test("impossible lengths are refused before anything is kept", () => {
    for (const length of [0, 3, 10_001, 0xffffffff]) {
      const reader = createMessageReader(10_000);
      reader.add(Buffer.concat([Buffer.from("p"), int32(length)]));
      expect(() => reader.next()).toThrow(WireError);
    }
  });
});

describe("the first packet", () => {
  const harmless = { user: "gr_1", database: "shop" };
  const refusalOf = (parameters: Readonly<Record<string, string>>): string => {
    const parsed = parseFirstPacket(startup(parameters));
    return parsed.kind === "refused" ? parsed.error.message : parsed.kind;
  };

  test("harmless parameters pass; others are refused by name", () => {
    expect(
      refusalOf({
        ...harmless,
        application_name: "x",
        client_encoding: "utf-8",
        DateStyle: "ISO",
        options: "",
      }),
    ).toBe("startup");
    const unknownToOthers = parseFirstPacket(startup({ ...harmless, sslrootcert: "/home/bot/it's.pem" }));
    expect(unknownToOthers).toEqual(parseFirstPacket(startup(harmless)));
    for (const name of [
      "sslcert",
      "replication",
      "role",
      "session_authorization",
      "session_replication_role",
      "work_mem",
    ]) {
      expect(refusalOf({ ...harmless, [name]: "1" })).toBe(`start-up parameter "${name}" is not allowed`);
    }
    expect(refusalOf({ ...harmless, DateStyle: "ISO", datestyle: "ISO" })).toContain("given twice");
    expect(refusalOf({ ...harmless, client_encoding: "SJIS" })).toContain("not supported");
    expect(refusalOf({ ...harmless, TimeZone: "x' OR '1" })).toContain("invalid value");
    expect(refusalOf({ ...harmless, search_path: "x'; drop" })).toContain("invalid value");
    expect(refusalOf({ user: "gr_1; drop", database: "shop" })).toContain("not a grant's id");
  });

  test("options are settings as the command line has them; a parameter of its own outranks them", () => {
    const settingsOf = (parameters: Readonly<Record<string, string>>): unknown => {
      const parsed = parseFirstPacket(startup({ ...harmless, ...parameters }));
      return parsed.kind === "startup" ? Object.fromEntries(parsed.startup.settings) : parsed;
    };
    expect(settingsOf({ options: "-c timezone=UTC -cjit=off --client-min-messages=warning" })).toEqual({
      timezone: "UTC",
      jit: "off",
      client_min_messages: "warning",
    });
    expect(settingsOf({ options: "-c DateStyle=ISO,\\ MDY" })).toEqual({ datestyle: "ISO, MDY" });
    expect(settingsOf({ options: "-c jit=on -c jit=off", jit: "true" })).toEqual({ jit: "true" });
    for (const options of ["-c", "-c jit", "-d 5", "-B 100", "jit=off", "-c =x", "-c a b=c"])
      expect(refusalOf({ ...harmless, options })).toContain('"options" takes -c NAME=VALUE');
    for (const options of ["-c role=postgres", "--session-replication-role=replica", "-c\\ role=x"])
      expect(refusalOf({ ...harmless, options })).not.toBe("startup");
  });

  test("the user's suffix chooses the method", () => {
    expect(parseFirstPacket(startup(harmless))).toMatchObject({
      startup: { grant: "gr_1", method: "secret" },
    });
    expect(parseFirstPacket(startup({ ...harmless, user: "gr_1.token" }))).toMatchObject({
      startup: { grant: "gr_1", method: "token" },
    });
  });

  test("garbage gives a refusal, never a throw", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 200 }), fc.boolean(), (bytes, real) => {
        const packet = Buffer.from(bytes);
        packet.writeUInt32BE(packet.length, 0);
        if (real) packet.writeUInt32BE(0x30000, 4);
        expect(firstPacketLength(packet)).toBe(packet.length);
        expect(["ssl", "gss", "cancel", "startup", "refused"]).toContain(parseFirstPacket(packet).kind);
      }),
    );
  });
});
