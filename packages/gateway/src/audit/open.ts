import { existsSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  checkpointsFile,
  formatProblem,
  isKeyName,
  segmentFile,
  segmentsOf,
  verifyLog,
  type VerifyOptions,
  type VerifyReport,
} from "@mayfly/audit-verifier";
import type { Clock } from "../kernel/clock.ts";
import { MayflyError, messageOf } from "../kernel/errors.ts";
import { createCheckpointer } from "./checkpoints.ts";
import { createCustody, inWords } from "./custody.ts";
import { realFiles, type LogFiles } from "./files.ts";
import { adoptNextKey, firstKey, loadKeys, makeNextKey } from "./keys.ts";
import { checkKnown, checkWitnessedSize, existsAny, readWitnessed, replaced } from "./found-log.ts";
import type { KnownLog } from "./known-log.ts";
import { lockFolder } from "./lock.ts";
import type { AuditLog } from "./log.ts";
import { payloadStore } from "./payloads.ts";
import type { NewRecord, RecordPrincipal } from "./records.ts";
import { recover, refuse } from "./recovery.ts";
import { openTail, syncFolder } from "./tail.ts";
import { treeGrower, verifyInBackground } from "./tree.ts";
import { wholeVerifier } from "./whole-verifier.ts";
import { createWriter } from "./writer.ts";

/** How an audit log is opened. */
export interface AuditLogOptions {
  /** Made when it does not exist. */
  readonly folder: string;
  /** The log's name: its checkpoints' origin and its key's name. No white space, no plus sign. */
  readonly name: string;
  readonly clock: Clock;
  /** Whether records of acts reach the disk at most 50 ms after the act, or before it. */
  readonly sync: "batched" | "always";
  /** Milliseconds between checkpoints while records come in. */
  readonly checkpointEvery: number;
  /** A file with a checkpoint that the operator keeps elsewhere: the log must contain it. */
  readonly witnessed?: string;
  /** What the store remembers of the log that must be found here. */
  readonly known?: KnownLog;
  /** Told of what went wrong without anybody waiting for it: a checkpoint that failed, a log that does not verify. */
  readonly onProblem?: (message: string) => void;
  /** Told of each new checkpoint once it is on the disk, to be kept elsewhere. */
  readonly onCheckpoint?: (newest: { readonly note: string; readonly size: number }) => void;
  /** Size past which a new file of records is begun, in bytes; 8 MiB when left out. */
  readonly segmentBytes?: number;
  readonly files?: LogFiles;
}

/** An open audit log and what its reader needs. */
export interface OpenedAuditLog {
  readonly log: AuditLog;
  /** Tells this log from every other, whatever its name and its newest key: its first verifier key. */
  readonly id: string;
  readonly folder: string;
  /** The number of the first record that is not written yet. */
  readonly written: () => number;
  /** How many records are known to be on the disk. */
  readonly synced: () => number;
  /**
   * The number of the first record written since it was opened. Whoever remembers that number, or a later one, from
   * before remembers a record that a power failure took: the number is another record's now.
   */
  readonly first: number;
  /** The newest signed checkpoint; undefined before the first. */
  readonly checkpoint: () => string | undefined;
  /** Signs a checkpoint of everything written so far. */
  readonly checkpointNow: () => Promise<void>;
  /** The key that verifies the newest checkpoint. */
  readonly verifierKey: string;
  /** Signs with a new key from now on: announced by a record, vouched for by a checkpoint that both keys sign. */
  readonly rotateKey: () => Promise<void>;
  /**
   * The verification of everything that was in the log at start. A large log is open while it runs; should
   * anything not verify, the log takes no further record and says why.
   */
  readonly verified: Promise<VerifyReport | undefined>;
}

/** A log up to this size is verified whole before it opens; a larger one while it is open. In bytes. */
const verifiedAtOnce = 2 * 1024 * 1024;

/** Size past which a new file of records is begun: small enough to be read back whole within a second, again and again. */
const SEGMENT_BYTES = 8 * 1024 * 1024;

const system: RecordPrincipal = { kind: "system", issuer: "mayflyd", subject: "audit", name: "audit log" };

/**
 * Opens the audit log for writing, for this process alone, after proving that it ends as it should.
 * @throws MayflyError `log_locked`, `log_key` or `log_broken`, with the place and a hint; `log_folder` when the
 * folder cannot be used
 */
export async function openAuditLog(options: AuditLogOptions): Promise<OpenedAuditLog> {
  const { folder, name } = options;
  if (!isKeyName(name))
    throw new MayflyError("log_name", `"${name}" cannot name an audit log`, {
      hint: "use a name without white space and without +, for example the gateway's host name",
    });
  // Before anything is made: a new log must not hide that the old one is gone.
  checkKnown(options, { records: 0, key: existsAny(folder) ? firstKey(folder) : undefined }, true);
  try {
    for (const part of ["", "records", "payloads"])
      mkdirSync(join(folder, part), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new MayflyError(
      "log_folder",
      `the audit log's folder ${folder} cannot be used: ${messageOf(error)}`,
      {
        status: 500,
        hint: "give the user that mayflyd runs as write access to it",
      },
    );
  }
  const unlock = lockFolder(folder);
  try {
    return await openLocked(options, unlock);
  } catch (error) {
    unlock();
    if (error instanceof MayflyError || (error as NodeJS.ErrnoException).code === undefined) throw error;
    // A full or failing disk says neither what nor where.
    throw new MayflyError("log_folder", `the audit log in ${folder} cannot be written: ${messageOf(error)}`, {
      status: 500,
      hint: "its disk must have room, and the user that mayflyd runs as must be able to write there",
      cause: error,
    });
  }
}

async function openLocked(options: AuditLogOptions, unlock: () => void): Promise<OpenedAuditLog> {
  const { folder, name, clock } = options;
  const files = options.files ?? realFiles;
  const bytes = segmentsOf(folder).reduce((sum, { file }) => sum + statSync(join(folder, file)).size, 0);
  const isNew = bytes === 0 && !existsSync(join(folder, checkpointsFile));
  let keys = loadKeys(folder, name, isNew);
  const { known } = options;
  const kept = known?.accepted === undefined ? known?.checkpoint : undefined;
  const witnessed = [
    ...readWitnessed(options.witnessed),
    ...(kept === undefined ? [] : [{ note: kept, from: "the checkpoint that the store keeps" }]),
  ];
  let verified: VerifyReport | undefined;
  const found = recover(folder, keys.all);
  checkKnown(options, { records: found.state.tree.size, key: keys.all[0] }, false);
  checkWitnessedSize(found, witnessed, keys);
  if (bytes <= verifiedAtOnce) {
    verified = verifyLog(folder, keys.all, { witnessed });
    const [first] = verified.problems;
    if (first !== undefined)
      throw refuse(first.line === undefined ? first.file : `${first.file}:${first.line}`, first.message);
  }
  const state = found.state.file === "" ? { ...found.state, file: segmentFile(0) } : found.state;
  if (found.state.file === "") {
    files.close(files.open(join(folder, state.file), "wx"));
    syncFolder(join(folder, "records"));
    syncFolder(folder);
  }

  const checkpointsPath = join(folder, checkpointsFile);
  if (!existsSync(checkpointsPath)) files.close(files.open(checkpointsPath, "a"));
  const payloads = payloadStore(folder, files, (file) =>
    options.onProblem?.(`the audit log's ${file} was altered; it is written anew, as it was`),
  );
  const tail = openTail({
    folder,
    files,
    segmentBytes: options.segmentBytes ?? SEGMENT_BYTES,
    syncEach: options.sync === "always",
    file: state.file,
    size: state.offset,
    takeUnsynced: payloads.takeUnsynced,
    onFull: (written, facts) => custody.full(written, facts),
  });
  const grower = treeGrower(folder, state.tree);
  const custody = createCustody({
    folder,
    clock,
    tail,
    grower,
    verifyWhole: () => verifier.run(),
    onAltered: (difference) => writer.displaced(difference),
  });
  const writer = createWriter({
    clock,
    tail,
    payloads,
    custody,
    folder,
    next: state.tree.size,
    onWritten: planCheckpoint,
    onDisplaced(difference) {
      options.onProblem?.(
        difference === undefined
          ? `the audit log in ${folder} is whole again, and takes records again`
          : `the audit log in ${folder} takes no records: ${inWords(difference)}`,
      );
    },
  });
  const checkpointer = createCheckpointer({
    folder,
    files,
    keys,
    tail,
    custody,
    grower,
    written: writer.written,
    state,
    newest: found.checkpoint,
    bytes: statSync(checkpointsPath).size,
    onSigned: (newest) => options.onCheckpoint?.(newest),
    onAltered: ({ file, words }) => writer.displaced({ place: file, kind: "altered", words }),
  });
  const verifier = wholeVerifier(() => {
    const { file, size } = tail.live();
    const newest = checkpointer.newest();
    return {
      kind: "verify",
      folder,
      keys: keys.all,
      witnessed: newest === undefined ? [] : [{ note: newest, from: "the newest checkpoint" }],
      until: { file, bytes: size, checkpointBytes: checkpointer.bytes() },
    };
  });
  let isPlanned = false;
  let isClosed = false;
  let segment = state.file;

  function planCheckpoint(): void {
    const { file } = tail.position();
    const isRolled = file !== segment;
    segment = file;
    if (isPlanned && !isRolled) return;
    isPlanned = true;
    clock.schedule(isRolled ? 0 : options.checkpointEvery, () => {
      isPlanned = false;
      if (!isClosed) signInBackground();
    });
  }

  function signInBackground(): void {
    checkpointer.run().catch((error: unknown) => {
      options.onProblem?.(`the audit log's checkpoint failed: ${messageOf(error)}`);
      // What it should have covered must not wait for further records.
      if (!isClosed && writer.unavailable === undefined) planCheckpoint();
    });
  }

  // What is written from here on is proved by its own checkpoints.
  const until = endOf(folder, state);
  const first = writer.written();
  for (const cut of found.cuts) writer.append(note("log.recovered", { ...cut }));
  if (known?.accepted !== undefined) writer.append(note("log.replaced", replaced(known, known.accepted)));
  writer.append(note("log.opened", { key: keys.current.text, records: state.tree.size }));
  try {
    await writer.sync();
  } catch (error) {
    tail.close();
    await checkpointer.close();
    throw error;
  }

  const background =
    verified === undefined
      ? verifyInBackground({ kind: "verify", folder, keys: keys.all, witnessed, until })
      : undefined;
  signInBackground();
  const log: AuditLog = {
    append: writer.append,
    writer: writer.writer,
    payload: writer.payload,
    flush: writer.flush,
    sync: writer.sync,
    get losses() {
      return writer.losses;
    },
    get unavailable() {
      return writer.unavailable;
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      try {
        await background?.stop();
        await verifier.stop();
        writer.append(note("log.closed", {}));
        await writer.sync();
        await checkpointer.run();
      } finally {
        writer.fail("it is closed");
        await checkpointer.close();
        tail.close();
        unlock();
      }
    },
  };
  return {
    log,
    id: keys.all[0] ?? keys.current.text,
    folder,
    written: writer.written,
    synced: writer.synced,
    first,
    checkpoint: checkpointer.newest,
    checkpointNow: checkpointer.run,
    get verifierKey() {
      return keys.current.text;
    },
    async rotateKey() {
      const next = makeNextKey(folder, keys);
      writer.append(note("log.key_rotated", { key: next.current.text, previous: keys.current.text }));
      await writer.sync();
      await checkpointer.rotate(next);
      await custody.whileWritingOwn(async () => adoptNextKey(folder, next));
      keys = next;
    },
    verified:
      background === undefined
        ? Promise.resolve(verified)
        : background.report.then(
            (report) => {
              const [first] = report.problems;
              if (first === undefined) return report;
              writer.fail(`it does not verify: ${formatProblem(first)}`);
              options.onProblem?.(`the audit log does not verify: ${formatProblem(first)}`);
              return report;
            },
            (error: unknown) => {
              if (isClosed) return undefined;
              writer.fail(`it could not be verified: ${messageOf(error)}`);
              options.onProblem?.(`the audit log could not be verified: ${messageOf(error)}`);
              return undefined;
            },
          ),
  };
}

function note(type: NewRecord["type"], detail: NewRecord["detail"]): NewRecord {
  return { type, principal: system, detail };
}

function endOf(folder: string, state: { file: string; offset: number }): NonNullable<VerifyOptions["until"]> {
  const checkpointBytes = statSync(join(folder, checkpointsFile), { throwIfNoEntry: false })?.size ?? 0;
  return { file: state.file, bytes: state.offset, checkpointBytes };
}
