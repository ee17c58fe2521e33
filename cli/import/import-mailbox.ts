/**
 * One mailbox of an import. What it needs is decided from what is stored, never from a note that an
 * earlier run left, so an import that was interrupted, and one that is run again, brings what is
 * missing and nothing twice: a message is there when the mailbox has its UID with its bytes, or,
 * where there are no UIDs to keep, its bytes as often as the source has them.
 */
import { UID_STEP_MAX } from '../../functions/contract/limits.ts';
import { counted } from '../output/text.ts';
import { Delivery, isRefusal } from './delivery.ts';
import { type ImportTarget, isUidConflict, type TargetMailbox } from './import-target.ts';
import {
  type FolderUids,
  problem,
  type SourceBeside,
  type SourceFolder,
  type SourceItem,
  type SourceMessage,
  type SourceProblem,
} from './mail-source.ts';
import { digestOf, Holdings, type Parity } from './parity.ts';
import { Present } from './present.ts';

/** Progress is told at least so often while nothing is stored. */
const PROGRESS_MESSAGES = 250;

export interface MailboxReport {
  readonly mailbox: string;
  /** Messages that this run brought. */
  stored: number;
  bytes: number;
  /** Messages that were there already. */
  present: number;
  /** What was left out, each with its reason. */
  skipped: number;
  /** Messages that have been read so far. */
  read: number;
  /** What an operator should know about the UIDs. */
  readonly notes: string[];
  parity?: Parity;
}

export interface MailboxRun {
  readonly target: ImportTarget;
  /** Only compare, change nothing. */
  readonly verifyOnly: boolean;
  /** Compare at the end. */
  readonly verify: boolean;
  readonly report: MailboxReport;
  stopped(): boolean;
  skipped(found: SourceProblem): void;
  beside(found: SourceBeside): void;
  progress(): void;
}

export async function importMailbox(
  path: string,
  folders: readonly SourceFolder[],
  run: MailboxRun,
): Promise<void> {
  const uids = await uidsOf(folders, run.report);
  const mailbox = run.verifyOnly ? await run.target.find(path) : await open(path, uids, run);
  if (mailbox === undefined && !run.verifyOnly) {
    await leaveOut(path, folders, run);
    return;
  }
  const kept = mailbox?.uidValidity === uids?.uidValidity ? uids : undefined;
  const source = new Holdings();
  if (mailbox === undefined || run.verifyOnly) {
    for await (const message of readAll(folders, run)) {
      source.add(digestOf(message.raw), message.raw.length, kept && message.uid);
    }
  } else {
    await bring(folders, { mailbox, kept, source }, run);
  }
  if (run.stopped() || !run.verify) return;
  const target = new Holdings();
  if (mailbox !== undefined) {
    for await (const page of run.target.messages(path)) {
      for (const { digest, size, uid } of page) target.add(digest, size, uid);
    }
  }
  const parity = source.compare(target, kept !== undefined);
  run.report.parity = parity;
  if (run.verifyOnly) run.report.present = source.messages - parity.missing;
}

/** Two folders that become one mailbox cannot both keep their UIDs, unless one has no mail. */
async function uidsOf(
  folders: readonly SourceFolder[],
  { notes }: MailboxReport,
): Promise<FolderUids | undefined> {
  const filled = folders.filter(({ messages }) => messages !== 0);
  const [folder, another] = filled.length > 0 ? filled : folders;
  if (another === undefined || filled.length < 2) return await folder?.uids();
  const many = counted(filled.length, 'folder');
  notes.push(`is what ${many} of the source become: their messages get new UIDs`);
  return undefined;
}

/** The server takes no mailbox of this name; each of its messages is left out for that. */
async function leaveOut(
  path: string,
  folders: readonly SourceFolder[],
  run: MailboxRun,
): Promise<void> {
  let messages = 0;
  for await (const { source } of readAll(folders, run)) {
    messages += 1;
    // The mailbox itself has been told, and stands for the first.
    if (messages > 1) run.skipped(problem(source, `is in the mailbox ${path}, which was refused`));
  }
}

/** The mailbox, with the UIDVALIDITY of the source where it can still take one. */
async function open(
  path: string,
  uids: FolderUids | undefined,
  { target, report, skipped }: MailboxRun,
): Promise<TargetMailbox | undefined> {
  try {
    const found = await target.find(path);
    if (found === undefined) return await create(path, uids, target, report);
    if (uids === undefined || uids.uidValidity === found.uidValidity) return found;
    if (found.uidNext === 1) {
      const { uidValidity } = uids;
      const changed = await unlessConflict(target.change(path, { uidValidity }));
      if (changed !== undefined) return changed;
    }
    report.notes.push(otherUids(found, uids));
    return found;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    skipped(problem(`mailbox ${path}`, error.message));
    return undefined;
  }
}

/** Another mailbox may have had the name, and given UIDs under that UIDVALIDITY. */
async function create(
  path: string,
  uids: FolderUids | undefined,
  target: MailboxRun['target'],
  report: MailboxRun['report'],
): Promise<TargetMailbox> {
  if (uids === undefined) return await target.create(path);
  const kept = await unlessConflict(target.create(path, uids.uidValidity));
  if (kept !== undefined) return kept;
  const made = await target.create(path);
  report.notes.push(otherUids(made, uids));
  return made;
}

async function unlessConflict(made: Promise<TargetMailbox>): Promise<TargetMailbox | undefined> {
  try {
    return await made;
  } catch (error) {
    if (isUidConflict(error)) return undefined;
    throw error;
  }
}

const otherUids = (found: TargetMailbox, uids: FolderUids): string =>
  `has UIDVALIDITY ${found.uidValidity}, not ${uids.uidValidity} as in the source: what comes gets new UIDs`;

interface BringTo {
  readonly mailbox: TargetMailbox;
  readonly kept: FolderUids | undefined;
  /** Takes in what the source holds. */
  readonly source: Holdings;
}

async function bring(
  folders: readonly SourceFolder[],
  { mailbox, kept, source }: BringTo,
  run: MailboxRun,
): Promise<void> {
  const present = await Present.read(run.target.messages(mailbox.path), kept !== undefined);
  const delivery = new Delivery(run.target, mailbox, {
    stored: (messages, bytes) => {
      run.report.stored += messages;
      run.report.bytes += bytes;
      run.progress();
    },
    skipped: run.skipped,
    stopped: run.stopped,
  });
  try {
    if (kept === undefined) {
      for await (const message of readAll(folders, run)) {
        const digest = digestOf(message.raw);
        source.add(digest, message.raw.length);
        if (present.take(digest)) run.report.present += 1;
        else await delivery.add(message);
      }
    } else {
      await bringWithUids(folders, mailbox, kept, { present, delivery, source, run });
    }
    await delivery.flush();
  } finally {
    await delivery.settle();
  }
}

interface Bringing {
  readonly present: Present;
  readonly delivery: Delivery;
  readonly source: Holdings;
  readonly run: MailboxRun;
}

/** First what can keep its UID, in their order; what cannot, or has none, comes after them. */
async function bringWithUids(
  folders: readonly SourceFolder[],
  mailbox: TargetMailbox,
  kept: FolderUids,
  { present, delivery, source, run }: Bringing,
): Promise<void> {
  const later = new Set<string>();
  let uidNext = mailbox.uidNext;
  // What the mailbox has at least, whatever is on its way.
  let reached = mailbox.uidNext;
  for await (const message of readAll(folders, run)) {
    const { raw, uid, name } = message;
    const digest = digestOf(raw);
    source.add(digest, raw.length, uid);
    if (uid !== undefined && present.takeAt(uid, digest)) run.report.present += 1;
    else if (uid === undefined || uid < uidNext) later.add(name);
    else {
      if (uid + 1 - reached > UID_STEP_MAX) {
        await delivery.flush();
        await run.target.change(mailbox.path, { uidNext: uid });
        delivery.raised(uid);
        reached = uid;
      }
      await delivery.add(message, uid);
      uidNext = uid + 1;
    }
  }
  await delivery.flush();
  if (run.stopped()) return;
  // Also what the source gave and expunged since must never be given again. Where all of it was left
  // out, it can still come with its UIDs, once it can be read.
  const isLeftOut = source.messages === 0 && run.report.skipped > 0;
  if (kept.uidNext > uidNext && !isLeftOut) {
    await run.target.change(mailbox.path, { uidNext: kept.uidNext });
    delivery.raised(kept.uidNext);
  }
  if (later.size === 0) return;
  present.forgetUids();
  let moved = 0;
  for await (const message of readAll(folders, run, later)) {
    if (present.take(digestOf(message.raw))) run.report.present += 1;
    else {
      await delivery.add(message);
      moved += message.uid === undefined ? 0 : 1;
    }
  }
  if (moved > 0) {
    const many = counted(moved, 'message');
    run.report.notes.push(
      `UIDNEXT was ${mailbox.uidNext} already: ${many} of the source with lower UIDs got new ones`,
    );
  }
}

/** Messages of all folders; problems are reported on the first reading only. */
async function* readAll(
  folders: readonly SourceFolder[],
  run: MailboxRun,
  only?: ReadonlySet<string>,
): AsyncGenerator<SourceMessage> {
  let read = 0;
  for (const folder of folders) {
    for await (const item of folder.read(only)) {
      if (run.stopped()) return;
      read += 1;
      if (read % PROGRESS_MESSAGES === 0) run.progress();
      if (item.kind === 'message') {
        if (only === undefined) run.report.read += 1;
        yield item;
      } else if (only === undefined) tell(item, run);
    }
  }
}

function tell(item: Exclude<SourceItem, SourceMessage>, { report, ...run }: MailboxRun): void {
  if (item.kind === 'problem') run.skipped(item);
  else if (item.kind === 'beside') run.beside(item);
  else report.notes.push(item.text);
}
