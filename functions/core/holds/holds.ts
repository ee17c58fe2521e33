/**
 * Holds: cases for which nothing of an account may end (W6). Each has an id, a reason and maybe a
 * time until when; they add up. All stand on the account's row, whose attribute `hold` is there
 * while at least one case is: that is what every transaction asks for that ends mail. A number on
 * the row rises with each change of them, so that no change is made on an older reading.
 */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { registryKeys } from '../../contract/row-layout.ts';
import { findAccount, notActive, unknownUser } from '../accounts/accounts.ts';
import { DamagedRowError, InvalidInputError, LetheError, quoted } from '../errors.ts';
import type { Row, RowStore, Value, Write } from '../ports/row-store.ts';
import { isMap, optionalNumber, text } from '../rows/attributes.ts';

/** Why somebody holds an account. */
export interface HoldCase {
  readonly caseId: string;
  readonly reason: string;
  /** Who placed it. */
  readonly placedBy: string;
  /** Epoch milliseconds. */
  readonly placedAt: number;
  /** When it may be released, in epoch milliseconds; missing: nobody said. It ends by release only. */
  readonly until?: number;
  /** The operation that protects for it what is expunged. */
  readonly operationId: string;
}

/** The release that came last: asked for again, it is the same one. */
interface LastRelease {
  readonly caseId: string;
  readonly operationId: string;
}

export interface HeldAccount {
  readonly accountId: string;
  readonly state: string;
  readonly cases: readonly HoldCase[];
  readonly isHeld: boolean;
  /** When the first of the cases came that hold it now, in epoch milliseconds. */
  readonly since?: number;
  /** How often its holds have changed. */
  readonly revision?: number;
  readonly lastRelease?: LastRelease;
}

/** States in which a hold can be placed: afterwards erasure has begun, and it would be none. */
export const HOLDABLE_STATES = ['active', 'disabled'] as const;

/** A row is read with every request: 20 cases of 600 bytes are three read units. */
const CASES_MAX = 20;

/** @throws DamagedRowError */
function toHeldAccount(row: Row): HeldAccount {
  const { hold, holds = {}, lastRelease } = row.attributes;
  if (!isMap(holds)) throw new DamagedRowError('damaged account row: its holds are not an object');
  const since = isMap(hold) ? hold['since'] : undefined;
  const revision = optionalNumber(row, 'holdRevision');
  return {
    accountId: text(row, 'accountId'),
    state: text(row, 'state'),
    cases: Object.entries(holds).map(([caseId, value]) => ({
      caseId,
      ...(value as unknown as Omit<HoldCase, 'caseId'>),
    })),
    isHeld: hold !== undefined,
    ...(typeof since === 'number' ? { since } : {}),
    ...(revision === undefined ? {} : { revision }),
    ...(isMap(lastRelease) ? { lastRelease: lastRelease as unknown as LastRelease } : {}),
  };
}

/** Strongly consistent. */
export async function readHeld(
  rows: RowStore,
  accountId: string,
): Promise<HeldAccount | undefined> {
  const row = await rows.get(registryKeys.account(accountId));
  return row && toHeldAccount(row);
}

/** The account of an address, in whatever state. @throws UnknownUserError */
export async function requireHeld(rows: RowStore, user: string): Promise<HeldAccount> {
  const account = await findAccount(rows, user);
  const held = account && (await readHeld(rows, account.accountId));
  if (held === undefined) throw unknownUser(user);
  return held;
}

/** @throws AccountNotActiveError once erasure has begun */
export function requireHoldable(held: HeldAccount): void {
  if (HOLDABLE_STATES.some((state) => state === held.state)) return;
  throw notActive({ accountId: held.accountId, state: held.state as 'deleting' });
}

/** Whether the holds of the account are as they were read. */
function unchanged({ revision }: HeldAccount) {
  return {
    row: 'present',
    oneOf: { state: HOLDABLE_STATES },
    ...(revision === undefined
      ? { without: ['holdRevision'] }
      : { equals: { holdRevision: revision } }),
  } as const;
}

/** Holds only while nobody has placed or released a hold; put it into a transaction. */
export const unchangedCheck = (held: HeldAccount): Write => ({
  kind: 'check',
  key: registryKeys.account(held.accountId),
  guard: unchanged(held),
});

/** @throws InvalidInputError when there are too many cases already */
export function placeWrite(held: HeldAccount, added: HoldCase): Write {
  const others = held.cases.filter(({ caseId }) => caseId !== added.caseId);
  if (others.length >= CASES_MAX) {
    throw InvalidInputError.of('caseId', `the account has ${CASES_MAX} holds, no more are allowed`);
  }
  const since = held.since ?? added.placedAt;
  return changeWrite(held, {
    set: { hold: { since }, holds: shown([...others, added]) },
  });
}

/** Drops a case; with the last one also the flag. */
export function releaseWrite(held: HeldAccount, caseId: string, operationId: string): Write {
  const others = held.cases.filter((one) => one.caseId !== caseId);
  const lastRelease = { caseId, operationId };
  return others.length === 0
    ? changeWrite(held, { set: { lastRelease }, unset: ['hold', 'holds'] })
    : changeWrite(held, { set: { lastRelease, holds: shown(others) } });
}

function changeWrite(
  held: HeldAccount,
  change: { readonly set: Readonly<Record<string, Value>>; readonly unset?: readonly string[] },
): Write {
  const holdRevision = (held.revision ?? 0) + 1;
  return {
    kind: 'update',
    key: registryKeys.account(held.accountId),
    guard: unchanged(held),
    change: { ...change, set: { ...change.set, holdRevision } },
  };
}

const shown = (cases: readonly HoldCase[]): Value =>
  Object.fromEntries(cases.map(({ caseId, ...rest }) => [caseId, { ...rest }]));

export function unknownHold(caseId: string): LetheError {
  return new LetheError(
    ERROR_NAMES.unknownHold,
    `no case ${quoted(caseId)} holds the account`,
    'List the holds of the account; a case that was released is gone.',
  );
}

export function holdConflict(caseId: string): LetheError {
  return new LetheError(
    ERROR_NAMES.holdConflict,
    `case ${quoted(caseId)} holds the account already, for another reason or until another time`,
    'Take another case id, or release the case first.',
  );
}

/** What the account has is protected as far as it says; nothing more than that is claimed. */
export function holdIncomplete(message: string): LetheError {
  return new LetheError(
    ERROR_NAMES.holdIncomplete,
    message,
    'The account stays held. Find the cause, then resume the operation.',
  );
}
