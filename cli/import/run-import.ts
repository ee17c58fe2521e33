/** Storing what a source holds: several mailboxes at a time, each in order, in bounded memory. */
import { CliError, ProblemError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { type Batch, batchesOf, bytesOf, deliverBody, halves, idempotencyKey } from './batches.ts';
import type { SourceProblem } from './mail-source.ts';
import { type MailSource, mailboxPath, problem, type SourceFolder } from './mail-source.ts';

/**
 * Mailboxes stored at a time. Each holds two batches at most, one being read and one on its way:
 * 4 x 2 x 4 MiB, and a third more in base64, are about 75 MB.
 */
const MAILBOXES_AT_A_TIME = 4;

/** Problems kept for the report; the others are only counted. */
const PROBLEMS_KEPT_MAX = 1000;

export interface ImportTarget {
  /** Makes sure that the mailbox exists. */
  createMailbox(path: string): Promise<void>;
  /** Stores a batch: same key and same body are stored once. */
  deliver(body: string, key: string): Promise<void>;
}

export interface ImportOptions {
  readonly accountId: string;
  /** Prepended to every mailbox as a level of its own. */
  readonly mailboxPrefix?: string;
  /** Aborted: store what is on its way, then stop. */
  readonly signal: AbortSignal;
  readonly onProgress: (report: ImportReport) => void;
}

export interface MailboxReport {
  readonly mailbox: string;
  stored: number;
  bytes: number;
  skipped: number;
}

export interface ImportReport {
  readonly mailboxes: readonly MailboxReport[];
  readonly problems: readonly SourceProblem[];
  readonly stored: number;
  readonly bytes: number;
  readonly skipped: number;
  /** What ended the import early. */
  readonly failure?: unknown;
}

/** Groups folders by the mailbox they become, prefix included. */
function groupFolders(
  { folders }: MailSource,
  mailboxPrefix?: string,
): Map<string, SourceFolder[]> {
  const prefix = mailboxPrefix === undefined ? [] : mailboxPrefix.split('/');
  const groups = new Map<string, SourceFolder[]>();
  for (const folder of folders) {
    const mailbox = mailboxPath([...prefix, ...folder.mailbox.split('/')]);
    const group = groups.get(mailbox) ?? [];
    group.push(folder);
    groups.set(mailbox, group);
  }
  return groups;
}

/** Imports everything; never throws for mail that cannot be stored, but reports it. */
export async function runImport(
  source: MailSource,
  target: ImportTarget,
  options: ImportOptions,
): Promise<ImportReport> {
  const run = new ImportRun(target, options);
  source.problems.forEach((found) => void run.addProblem(found));
  const queue = [...groupFolders(source, options.mailboxPrefix)];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next && !run.stopped; next = queue.shift()) {
      await run.importMailbox(...next);
    }
  };
  await Promise.all(Array.from({ length: MAILBOXES_AT_A_TIME }, worker));
  return run.report();
}

class ImportRun {
  readonly #target: ImportTarget;
  readonly #options: ImportOptions;
  readonly #mailboxes: MailboxReport[] = [];
  readonly #problems: SourceProblem[] = [];
  /** Problems that belong to no mailbox. */
  #loose = 0;
  #failure: unknown;

  constructor(target: ImportTarget, options: ImportOptions) {
    this.#target = target;
    this.#options = options;
  }

  get stopped(): boolean {
    return this.#failure !== undefined || this.#options.signal.aborted;
  }

  addProblem(found: SourceProblem, mailbox?: MailboxReport): void {
    if (mailbox === undefined) this.#loose += 1;
    else mailbox.skipped += 1;
    if (this.#problems.length < PROBLEMS_KEPT_MAX) this.#problems.push(found);
  }

  async importMailbox(path: string, folders: readonly SourceFolder[]): Promise<void> {
    const report: MailboxReport = { mailbox: path, stored: 0, bytes: 0, skipped: 0 };
    this.#mailboxes.push(report);
    let onItsWay: Promise<void> = Promise.resolve();
    try {
      if (!(await this.#createMailbox(path, report))) return;
      const batches = batchesOf(folders, (found) => this.addProblem(found, report));
      for await (const batch of batches) {
        // The next batch was read meanwhile; it is sent only now, so that UIDs keep the order.
        await onItsWay;
        if (this.stopped) return;
        onItsWay = this.#deliver(path, batch, report);
        // Awaited above or below; until then a failure must not count as unhandled.
        onItsWay.catch(() => {});
      }
      await onItsWay;
    } catch (error) {
      this.#failure ??= error;
    } finally {
      await onItsWay.catch(() => {});
      this.#options.onProgress(this.report());
    }
  }

  report(): ImportReport {
    const sum = (of: (report: MailboxReport) => number): number =>
      this.#mailboxes.reduce((total, report) => total + of(report), 0);
    return {
      mailboxes: this.#mailboxes,
      problems: this.#problems,
      stored: sum(({ stored }) => stored),
      bytes: sum(({ bytes }) => bytes),
      skipped: sum(({ skipped }) => skipped) + this.#loose,
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
    };
  }

  /** @returns false when the name is refused: the folder is skipped, the others go on */
  async #createMailbox(path: string, report: MailboxReport): Promise<boolean> {
    try {
      await this.#target.createMailbox(path);
      return true;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.addProblem(problem(`mailbox ${path}`, error.message), report);
      return false;
    }
  }

  /** Stores a batch; one that is refused is halved until the message at fault stands alone. */
  async #deliver(mailbox: string, batch: Batch, report: MailboxReport): Promise<void> {
    const body = deliverBody(mailbox, batch);
    const key = idempotencyKey(this.#options.accountId, batch.first, body);
    try {
      await this.#target.deliver(body, key);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      const [only] = batch.messages;
      if (batch.messages.length === 1 && only !== undefined) {
        this.addProblem(problem(only.source, `was refused: ${error.message}`), report);
        return;
      }
      for (const half of halves(batch)) await this.#deliver(mailbox, half, report);
      return;
    }
    report.stored += batch.messages.length;
    report.bytes += bytesOf(batch);
    this.#options.onProgress(this.report());
  }
}

/** The server has read what it got and does not want it; anything else concerns every message. */
function isRefusal(error: unknown): error is CliError {
  if (error instanceof ProblemError) {
    const { type } = error.problem;
    return type === 'urn:lethe:invalid-input' || type === 'urn:lethe:message-too-large';
  }
  return error instanceof CliError && error.exitCode === EXIT.badData;
}
