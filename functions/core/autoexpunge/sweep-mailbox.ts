/**
 * Sweeping one mailbox: what its policy says must go is expunged, through lazy expunge like any
 * other mail (A3), then the entry in the index `due` says when to come back. Every step reads
 * anew what it acts on, so sweeps may meet each other, deliveries and users (A5).
 */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { dictmapKeys } from '../../contract/row-layout.ts';
import { DAY_MS } from '../../contract/times.ts';
import { readAccount } from '../accounts/accounts.ts';
import { LetheError } from '../errors.ts';
import { raiseFirstLive } from '../mailboxes/first-live.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { readMailbox } from '../mailboxes/mailboxes.ts';
import type { Entry } from '../messages/entries.ts';
import { type ExpungedMessage, expungeMessages } from '../messages/expunge-messages.ts';
import type { ChunkPorts, MailContext, Rider } from '../messages/in-chunks.ts';
import { changeOfDue, dueGuard, entryAt } from '../policies/due.ts';
import { policyAttributes } from '../policies/policy-attributes.ts';
import type { Change, RowStore } from '../ports/row-store.ts';
import { settingsChanged, settingsChecks } from '../settings/settings-store.ts';
import { applyPolicy } from './policy.ts';
import { sweepShell } from './sweep-shell.ts';
import { countOf, judge, pageToJudge, type Rule, staysFrom } from './verdicts.ts';

/** About what fits into one transaction: the mailbox is read again before each. */
const PAGE_ENTRIES = 100;

export interface SweepOptions {
  /** Epoch milliseconds. */
  readonly until: number;
  /** Counts what would go; changes nothing. */
  readonly dryRun?: boolean;
}

/**
 * - `done`: nothing is left to do until the time of the due entry.
 * - `again`: time is over; something was done, more is left.
 * - `skipped`: the account is held or not active, the mailbox is gone, or it changed while it was
 *   looked at. Its entry stays, so that a later sweep looks again.
 */
export interface Swept {
  readonly outcome: 'done' | 'again' | 'skipped';
  readonly messages: number;
  readonly bytes: number;
  /** Messages whose rows are damaged or too large: they stay, and somebody has to look at them. */
  readonly passedOver?: readonly PassedOver[];
}

interface PassedOver {
  readonly uid: number;
  readonly fault: Error;
}

/**
 * @param context settings as they are now: a row that says otherwise is corrected
 * @param mailbox as it was listed; read anew
 * @throws StoreBusyError and faults; what was done stays done
 */
export async function sweepMailbox(
  ports: ChunkPorts,
  context: MailContext,
  { mailboxId }: Pick<Mailbox, 'mailboxId'>,
  options: SweepOptions,
): Promise<Swept> {
  const { until } = options;
  const skipped = { outcome: 'skipped', messages: 0, bytes: 0 } as const;
  if (!(await maySweep(ports.rows, context))) return skipped;
  const listed = await readMailbox(ports.rows, mailboxId);
  if (listed?.state === 'shell') return await endShell(ports, context, listed, options);
  if (listed?.state !== 'active') return skipped;
  const mailbox = options.dryRun
    ? withPolicy(listed, context)
    : await applyPolicy(ports, context.settings, listed);
  if (mailbox === 'lost' || mailbox === 'outdated') return skipped;
  const { retentionDays } = context;
  const rule = {
    mailbox,
    retentionDays,
    staysFrom: await staysFrom(ports, mailbox, until),
    now: ports.clock.now(),
  };
  const pass = new Pass(ports, context, rule, options);
  try {
    return await pass.run(until);
  } catch (error) {
    if (!isProtection(error)) throw error;
    return { ...pass.sum, outcome: 'skipped' };
  }
}

/** What is left of a mailbox that is gone holds no mail that counts. */
async function endShell(
  ports: ChunkPorts,
  { account }: MailContext,
  shell: Mailbox,
  { until, dryRun = false }: SweepOptions,
): Promise<Swept> {
  const outcome = dryRun ? 'done' : await sweepShell(ports, account.accountId, shell, until);
  return { outcome, messages: 0, bytes: 0 };
}

const SWEEP_PROTECTIONS: readonly string[] = [
  ERROR_NAMES.unknownMailbox,
  ERROR_NAMES.accountNotActive,
  ERROR_NAMES.accountHeld,
];

const isProtection = (error: unknown): boolean =>
  error instanceof LetheError && SWEEP_PROTECTIONS.includes(error.name);

/** No account that is held (W6), disabled or on its way out is swept. */
async function maySweep(rows: RowStore, { account }: MailContext): Promise<boolean> {
  const now = await readAccount(rows, account.accountId);
  return now?.state === 'active' && !now.held;
}

function withPolicy(mailbox: Mailbox, { settings }: MailContext): Mailbox {
  const { autoexpungeAfterSeconds: _, autoexpungeMaxMails: __, ...rest } = mailbox;
  return { ...rest, ...policyAttributes(settings.autoexpungeOf(mailbox.path) ?? {}) };
}

/** What a pass stopped at. */
interface Stop {
  readonly uid: number;
  readonly dueAt?: number;
}

/** One walk from the first message on to the first that stays. */
class Pass {
  readonly #ports: ChunkPorts;
  readonly #context: MailContext;
  readonly #rule: Rule;
  readonly #dryRun: boolean;
  #messages = 0;
  #bytes = 0;
  readonly #passedOver = new Map<number, Error>();
  readonly #changed = settingsChanged();

  constructor(ports: ChunkPorts, context: MailContext, rule: Rule, options: SweepOptions) {
    this.#ports = ports;
    this.#context = context;
    this.#rule = rule;
    this.#dryRun = options.dryRun === true;
  }

  get sum(): Omit<Swept, 'outcome'> {
    const passedOver = [...this.#passedOver].map(([uid, fault]) => ({ uid, fault }));
    const sum = { messages: this.#messages, bytes: this.#bytes };
    return passedOver.length === 0 ? sum : { ...sum, passedOver };
  }

  readonly #passOver = (uid: number, fault: Error): void => {
    this.#passedOver.set(uid, fault);
  };

  async run(until: number): Promise<Swept> {
    const { mailbox } = this.#rule;
    let afterUid = 0;
    let stop: Stop | undefined;
    for (;;) {
      const { rows } = this.#ports;
      const window = { afterUid, limit: PAGE_ENTRIES, passOver: this.#passOver };
      const page = await pageToJudge(rows, mailbox, window);
      const { going, stop: found } = this.#sort(page.entries);
      if (going.length > 0) {
        const taken = await this.#take(going, until);
        if (taken !== 'all') return this.#ended(taken);
      }
      stop = found;
      if (stop !== undefined || page.nextAfterUid === undefined) break;
      afterUid = page.nextAfterUid;
      if (this.#ports.clock.now() <= until) continue;
      await this.#raiseBound(afterUid + 1);
      return this.#ended('again');
    }
    if (this.#ports.clock.now() > until && stop === undefined) return this.#ended('again');
    if (!this.#dryRun) await this.#settle(stop);
    return this.#ended('done');
  }

  #ended(outcome: Swept['outcome']): Swept {
    return { outcome, ...this.sum };
  }

  #sort(entries: readonly Entry[]): { going: Entry[]; stop: Stop | undefined } {
    const going: Entry[] = [];
    for (const entry of entries) {
      const verdict = judge(this.#rule, entry);
      if (verdict.verdict === 'goes') going.push(entry);
      if (verdict.verdict !== 'stays') continue;
      const { dueAt } = verdict;
      const { uid } = entry.message;
      return { going, stop: dueAt === undefined ? { uid } : { uid, dueAt } };
    }
    return { going, stop: undefined };
  }

  /** `skipped` when the mailbox is no longer what the rule was made for, or may not be swept. */
  async #take(going: readonly Entry[], until: number): Promise<'all' | 'again' | 'skipped'> {
    const { mailbox } = this.#rule;
    if (this.#dryRun) {
      this.#count(going.map(({ message }) => message));
      return 'all';
    }
    const { rows } = this.#ports;
    const now = await readMailbox(rows, mailbox.mailboxId);
    // Renamed, the clock has begun anew (A2), and the policy may be another.
    if (now?.path !== mailbox.path || now.renamedAt !== mailbox.renamedAt) return 'skipped';
    const uids = going.map(({ message }) => message.uid);
    const work = {
      ports: this.#ports,
      context: this.#context,
      // At least one try, however late it is.
      deadline: Math.max(until, this.#ports.clock.now()),
    };
    const options = { expired: true, passOver: this.#passOver, rider: this.#rider };
    const taking = expungeMessages(work, mailbox, uids, options);
    const done = await taking.catch((error: unknown) => {
      if (error === this.#changed) return undefined;
      throw error;
    });
    if (done === undefined) return 'skipped';
    this.#count(done.results);
    return done.complete ? 'all' : 'again';
  }

  /** Nothing goes under a policy that was withdrawn while the sweep was on its way. */
  get #rider(): Rider<ExpungedMessage> {
    const { settings } = this.#context;
    return { writes: () => settingsChecks(settings), refused: async () => this.#changed };
  }

  #count(gone: readonly { readonly sizeBytes: number }[]): void {
    this.#messages += gone.length;
    this.#bytes += gone.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  /**
   * Says when to come back, on condition that nothing has come meanwhile and the entry is what it
   * was: else it stays, and a later sweep looks again.
   */
  async #settle(stop: Stop | undefined): Promise<void> {
    const { mailbox } = this.#rule;
    const { mailboxId, uidNext } = mailbox;
    const bound = stop === undefined ? uidNext : Math.min(stop.uid, uidNext);
    if (await this.#showsLess(stop)) return;
    const dueAt = this.#nextLook(stop);
    const next = dueAt === undefined ? undefined : entryAt(mailboxId, dueAt);
    const due = changeOfDue(mailbox, next);
    const reached = this.#reached(bound);
    const rises = mailbox.role !== 'storage' && reached > (mailbox.firstLiveUid ?? 1);
    const set = { ...due.set, ...(rises ? { firstLiveUid: reached } : {}) };
    const change: Change = {
      ...(Object.keys(set).length === 0 ? {} : { set }),
      ...(due.unset === undefined ? {} : { unset: due.unset }),
    };
    if (Object.keys(change).length === 0) return;
    const { equals, without } = dueGuard(mailbox);
    const result = await this.#ports.rows.write({
      kind: 'update',
      key: dictmapKeys.mailbox(mailboxId),
      guard: { row: 'present', equals: { state: 'active', uidNext, ...equals }, without },
      change,
    });
    if (result.outcome !== 'written') await this.#raiseBound(bound);
  }

  /** What was passed over is looked at again every day, and reported again, until it is mended. */
  #nextLook(stop: Stop | undefined): number | undefined {
    if (this.#passedOver.size === 0) return stop?.dueAt;
    return Math.min(stop?.dueAt ?? Number.POSITIVE_INFINITY, this.#ports.clock.now() + DAY_MS);
  }

  /** An index that is late shows less than was counted: the entry stays. */
  async #showsLess(stop: Stop | undefined): Promise<boolean> {
    const { mailbox } = this.#rule;
    if (mailbox.role !== 'storage') return false;
    const { autoexpungeMaxMails: most, autoexpungeAfterSeconds: age } = mailbox;
    const counted = await countOf(this.#ports, mailbox);
    return (
      (most !== undefined && counted > most) ||
      (age !== undefined && stop === undefined && counted > 0)
    );
  }

  async #raiseBound(uid: number): Promise<void> {
    if (this.#dryRun) return;
    await raiseFirstLive(this.#ports.rows, this.#rule.mailbox, this.#reached(uid));
  }

  /** What was passed over lives, or may: no bound hides it. */
  #reached(bound: number): number {
    return Math.min(bound, ...this.#passedOver.keys());
  }
}
