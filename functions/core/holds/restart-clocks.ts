/**
 * The walk after the last case was released: every message that the holds protected gets its whole
 * retention anew, from now on, and S3 hides it again. A hold that comes meanwhile stops the walk.
 */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import type { HoldPayload, RestartAnswer } from '../../contract/holds.ts';
import { readMailbox } from '../mailboxes/mailboxes.ts';
import type { Chunk } from '../messages/chunk.ts';
import type { Entry } from '../messages/entries.ts';
import { refusal } from '../operations/refusals.ts';
import { expiresAt, type RetentionDays } from '../policies/expiry.ts';
import type { PolicyAttributes } from '../policies/policy-attributes.ts';
import { startClock } from './clock-changes.ts';
import { doneHold, endHold, isOver } from './end-hold.ts';
import { type HoldState, readHoldState } from './hold-operation.ts';
import { HOLDABLE_STATES, readHeld } from './holds.ts';
import {
  type ClockPorts,
  changeClocks,
  HoldsChangedError,
  type HoldWalk,
  keptByHold,
  pickedFrom,
  type WalkedPage,
  walkAccount,
} from './walk-expunged.ts';

/**
 * @param retentionDays of every class that was ever deployed
 * @param until epoch milliseconds after which it answers `again`
 * @throws SupersededError, StoreBusyError
 */
export async function restartClocks(
  ports: ClockPorts,
  retentionDays: RetentionDays,
  { operation: context }: HoldPayload,
  until: number,
): Promise<RestartAnswer> {
  const walk = { ports, context, until };
  try {
    if (await isOver(ports, context)) return await doneHold(ports, context);
    const state = await readHoldState(ports.rows, context);
    const policies = new StoragePolicies(ports, retentionDays);
    const end = await walkAccount(walk, state, (page) => restartPage(walk, state, policies, page));
    return end === 'again' ? { outcome: 'again' } : await endHold(ports, context);
  } catch (error) {
    if (error instanceof HoldsChangedError) return { outcome: 'again' };
    const { name } = error as Error;
    // Another case holds it: its own release restarts what is protected then.
    if (name === ERROR_NAMES.accountHeld || error instanceof StillHeldError) {
      return await endHold(ports, context);
    }
    return refusal(error);
  }
}

/** Nothing restarts while any case holds the account. Never leaves this file. */
class StillHeldError extends Error {
  override readonly name = 'StillHeldError';
}

async function restartPage(
  walk: HoldWalk,
  { operation }: HoldState,
  policies: StoragePolicies,
  page: WalkedPage,
) {
  if (operation.dryRun === true) {
    const { picked, damaged } = pickedFrom(page.rows, keptByHold);
    const bytes = picked.reduce((sum, { message }) => sum + message.sizeBytes, 0);
    return { troubled: 0, missing: damaged, counted: { messages: picked.length, bytes } };
  }
  const held = await readHeld(walk.ports.rows, walk.context.accountId);
  if (held === undefined) throw new TypeError(`account ${walk.context.accountId} is gone`);
  if (held.isHeld) throw new StillHeldError();
  const missing = await changeClocks(walk, held, page, {
    picks: keptByHold,
    change: async (chunk, entry) => {
      chunk.allowClocksIn(HOLDABLE_STATES);
      startClock(chunk, entry, await policies.endOf(chunk, entry));
    },
  });
  return { troubled: 0, missing };
}

/** What storages say of their mail, each read once in an invocation. */
class StoragePolicies {
  readonly #ports: Pick<ClockPorts, 'rows'>;
  readonly #days: RetentionDays;
  readonly #known = new Map<string, Promise<PolicyAttributes>>();

  constructor(ports: Pick<ClockPorts, 'rows'>, days: RetentionDays) {
    this.#ports = ports;
    this.#days = days;
  }

  /** When a message ends whose clock starts now. */
  async endOf({ now }: Chunk, { message, expunged }: Entry): Promise<number | undefined> {
    const policy = await this.#policyOf(expunged?.storageId);
    return expiresAt(this.#days, message.retentionClass, policy, now);
  }

  #policyOf(storageId: string | undefined): Promise<PolicyAttributes> | PolicyAttributes {
    if (storageId === undefined) return {};
    const known = this.#known.get(storageId) ?? this.#read(storageId);
    this.#known.set(storageId, known);
    return known;
  }

  async #read(storageId: string): Promise<PolicyAttributes> {
    return (await readMailbox(this.#ports.rows, storageId)) ?? {};
  }
}
