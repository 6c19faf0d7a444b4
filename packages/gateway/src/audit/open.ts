import { existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  checkpointsFile,
  formatProblem,
  isKeyName,
  rotationText,
  segmentFile,
  segmentsOf,
  makeLogList,
  signNote,
  verifyLog,
  type VerifyOptions,
  type VerifyReport,
} from "@mayfly/audit-verifier";
import { MayflyError, messageOf } from "../kernel/errors.ts";
import { createCheckpointer } from "./tree/checkpoints.ts";
import { createCustody, inWords } from "./files/custody.ts";
import { realFiles } from "./files/files.ts";
import { adoptNextKey, firstKey, loadKeys, makeNextKey, type LogKeys } from "./keys.ts";
import { checkKnown, checkWitnessedSize, existsAny, replaced, witnessedOf } from "./known/found-log.ts";
import { lockFolder } from "./files/lock.ts";
import type { AuditLog } from "./log.ts";
import type { AuditLogOptions, OpenedAuditLog } from "./opened.ts";
import { payloadStore } from "./payloads.ts";
import type { NewRecord, RecordPrincipal } from "./records.ts";
import { recover, refuse } from "./files/recovery.ts";
import { droppedRecords } from "./retention/dropped.ts";
import { finishDrops } from "./retention/finish.ts";
import { createSpace, type Space } from "./files/space.ts";
import { openTail, syncFolder } from "./files/tail.ts";
import { treeGrower, verifyInBackground } from "./tree/tree.ts";
import { wholeVerifier } from "./tree/whole-verifier.ts";
import { createWriter, type Writer } from "./writer.ts";

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
  const witnessed = witnessedOf(options);
  let verified: VerifyReport | undefined;
  finishDrops(folder);
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
    space: spaceOf(options),
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
  let [isPlanned, isClosed] = [false, false];
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
      if (!isClosed && writer.failed() === undefined) planCheckpoint();
    });
  }

  const dropped = droppedRecords(folder);
  const failWhen = failing(writer, options);
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
    failed: writer.failed,
    first,
    checkpoint: checkpointer.newest,
    checkpointNow: checkpointer.run,
    get verifierKey() {
      return keys.current.text;
    },
    signList: (logs) =>
      makeLogList({ by: keys.name, time: new Date(options.clock.wall()).toISOString(), logs }, keys.signer),
    async rotateKey() {
      const next = makeNextKey(folder, keys);
      writer.append(note("log.key_rotated", rotationOf(keys, next)));
      await writer.sync();
      await checkpointer.rotate(next);
      custody.writeOwn("keys", () => adoptNextKey(folder, next));
      keys = next;
    },
    dropped,
    live: () => tail.position(),
    async removeSegment(file, stub) {
      await verifier.idle();
      custody.forget(file);
      removeRecords(folder, file);
      dropped.add(stub);
    },
    verified:
      background === undefined
        ? Promise.resolve(verified)
        : background.report.then(
            (report) =>
              failWhen(report.problems[0] && `does not verify: ${formatProblem(report.problems[0])}`, report),
            (error: unknown) => failWhen(isClosed ? undefined : `could not be verified: ${messageOf(error)}`),
          ),
  };
}

function spaceOf({ folder, reserve, onProblem }: AuditLogOptions): Space {
  const onChange = (low: string | undefined): void =>
    onProblem?.(
      low === undefined
        ? `the audit log in ${folder} has room again, and takes records again`
        : `the audit log in ${folder} takes nothing but ends: ${low}`,
    );
  return createSpace(folder, { reserve, onChange });
}

function note(type: NewRecord["type"], detail: NewRecord["detail"]): NewRecord {
  return { type, principal: system, detail };
}

/** What the record of a new key says: signed by the key so far, so that whoever trusts that one follows by it alone. */
function rotationOf(keys: LogKeys, next: LogKeys): NewRecord["detail"] {
  const { name, signer, current } = keys;
  const text = rotationText(name, next.current.text);
  return {
    key: next.current.text,
    previous: current.text,
    note: signNote(text, [{ name, key: signer }]),
  };
}

/** What becomes of a verification's outcome: a log that does not verify takes no further record. */
function failing(writer: Pick<Writer, "fail">, { onProblem }: AuditLogOptions) {
  return (why: string | undefined, report?: VerifyReport): VerifyReport | undefined => {
    if (why === undefined) return report;
    writer.fail(`it ${why}`);
    onProblem?.(`the audit log ${why}`);
    return report;
  };
}

function removeRecords(folder: string, file: string): void {
  rmSync(join(folder, file));
  syncFolder(join(folder, "records"));
}

function endOf(folder: string, state: { file: string; offset: number }): NonNullable<VerifyOptions["until"]> {
  const checkpointBytes = statSync(join(folder, checkpointsFile), { throwIfNoEntry: false })?.size ?? 0;
  return { file: state.file, bytes: state.offset, checkpointBytes };
}
