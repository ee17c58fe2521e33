/**
 * Requests on folders that race each other on a small account, one call of a store at a time,
 * in an order that follows from a seed; some of them die on the way. Whatever happened, everything
 * that was acknowledged must hold once they have been sent again.
 */
import { ERROR_NAMES } from '../../functions/contract/error-names.ts';
import { createAccount } from '../../functions/core/accounts/create-account.ts';
import { LetheError } from '../../functions/core/errors.ts';
import { isStored } from '../../functions/core/folders/tree.ts';
import { settleAllMoves } from '../../functions/core/requests/settle-moves.ts';
import { CrashError, Crashes } from '../models/faulty.ts';
import { SeededIds } from '../models/seeded-ids.ts';
import { FolderDesk } from './folder-desk.ts';
import { Ledger } from './folder-ledger.ts';
import {
  type Draw,
  drawRequest,
  type FolderRequest,
  MORTAL,
  OTHER,
  STORAGE,
  send,
} from './folder-requests.ts';
import { CLASSES } from './world.ts';

/** What a request may answer when others were first. Everything else is a fault. */
const REFUSALS: readonly string[] = [
  ERROR_NAMES.unknownMailbox,
  ERROR_NAMES.mailboxExists,
  ERROR_NAMES.notAllowed,
  ERROR_NAMES.storeBusy,
  ERROR_NAMES.superseded,
];

/** After so long a hand-over that was heard of no more is nobody's. */
const HAND_OVER_CLAIM_MS = 3_600_000;

/** A crash comes at one of the first changes: small trees need one, larger ones some. */
const CRASH_CALLS = [1, 2, 3];

/** Accounts in which only the last instance goes to the storage. */
const ONLY_LAST_SHARE = 0.5;

export interface Process {
  readonly requests: readonly FolderRequest[];
  /** Dies at this change. */
  readonly crash?: { readonly call: number; readonly point: 'before' | 'after' };
}

export interface Races {
  /** Folders of the account, parents first; the first is the root of what is deleted. */
  readonly paths: readonly string[];
}

/** @throws Error saying how to repeat it, and what was wrong */
export async function race(
  { paths }: Races,
  seed: number,
  tally: Map<string, number>,
): Promise<void> {
  const ids = new SeededIds(seed);
  const draw: Draw = (among) => {
    const one = among[Math.floor(ids.fraction() * among.length)];
    return one as (typeof among)[number];
  };
  const plan = Array.from({ length: draw([2, 3, 3]) }, () => drawProcess(draw, paths));
  const prelude = draw(['nothing', 'deleted', 'half back'] as const);
  try {
    await carryOut(paths, seed, prelude, plan, () => ids.fraction(), tally);
  } catch (error) {
    const told = JSON.stringify({ prelude, plan });
    throw new Error(`LETHE_SEED=${seed} repeats this: ${told}`, { cause: error });
  }
}

/**
 * As race, of given processes.
 * @param next a number from 0 (included) to 1 (excluded) each time: whose turn is next
 * @throws Error saying what was wrong
 */
export async function raceOf(
  { paths }: Races,
  seed: number,
  plan: readonly Process[],
  tally: Map<string, number>,
): Promise<void> {
  const ids = new SeededIds(seed);
  try {
    await carryOut(paths, seed, 'deleted', plan, () => ids.fraction(), tally);
  } catch (error) {
    throw new Error(`seed ${seed}: ${JSON.stringify(plan)}`, { cause: error });
  }
}

function drawProcess(draw: Draw, paths: readonly string[]): Process {
  const requests = Array.from({ length: draw([1, 1, 2]) }, () => drawRequest(draw, paths));
  const mayDie = requests.every((request) => MORTAL.has(request.do));
  if (!mayDie || draw([0, 0, 1]) === 0) return { requests };
  const point = draw(['before', 'after'] as const);
  return { requests, crash: { call: draw(CRASH_CALLS), point } };
}

async function carryOut(
  paths: readonly string[],
  seed: number,
  prelude: 'nothing' | 'deleted' | 'half back',
  plan: readonly Process[],
  next: () => number,
  tally: Map<string, number>,
): Promise<void> {
  const desk = await FolderDesk.seeded(seed, ...paths);
  await createAccount(desk.world.ports, CLASSES, { user: OTHER });
  const ledger = new Ledger();
  ledger.mayDrop = next() < ONLY_LAST_SHARE;
  desk.settings = { lazyExpunge: STORAGE, lazyExpungeOnlyLastInstance: ledger.mayDrop };
  desk.world.watch = (change) => ledger.watch(desk, change);
  await furnish(desk, ledger, paths, prelude);
  let sent = 0;
  const run = async ({ requests, crash }: Process) => {
    const crashes = new Crashes(crash);
    const ports = crashes.wrapAll({ ...desk.ports });
    for (const request of requests) {
      sent += 1;
      const outcome = await outcomeOf(send(desk, ledger, ports, request, `late${sent}`));
      count(tally, `${request.do} ${outcome}`);
      if (outcome === 'crashed') return;
    }
  };
  const faults: unknown[] = [];
  const processes = plan.map((one) => () => run(one).catch((error) => faults.push(error)));
  await desk.turns.run(processes, next);
  if (faults.length > 0) throw faults[0];
  await repeat(desk, ledger, plan);
  await desk.world.reconciler.settle();
  const fault = desk.world.reconciler.faults[0];
  if (fault !== undefined) throw new Error('a record could not be followed', { cause: fault });
  const problems = await ledger.problems(desk);
  if (problems.length > 0) throw new Error(problems.join('\n'));
}

/** Mail in every folder, and an instance more of some of it elsewhere. */
async function furnish(
  desk: FolderDesk,
  ledger: Ledger,
  [root = '', ...paths]: readonly string[],
  prelude: 'nothing' | 'deleted' | 'half back',
): Promise<void> {
  const { ports } = desk;
  const ask = (request: FolderRequest, name = '') => send(desk, ledger, ports, request, name);
  const last = paths.at(-1) ?? root;
  await ask({ do: 'deliver', path: root }, 'first');
  await ask({ do: 'deliver', path: last }, 'second');
  await ask({ do: 'copy', path: root, to: 'INBOX' });
  await ask({ do: 'copy', path: last, to: root });
  await ask({ do: 'expunge', path: last });
  if (prelude === 'nothing') return;
  await ask({ do: 'delete', path: root, scope: 'tree' });
  if (prelude === 'half back') await ask({ do: 'undelete', pick: 0, branch: last });
}

/** Whoever died sends the same again; what is still on the move is ended by that. */
async function repeat(desk: FolderDesk, ledger: Ledger, plan: readonly Process[]): Promise<void> {
  for (const { requests, crash } of plan) {
    if (crash === undefined) continue;
    for (const request of requests) {
      if (['undelete', 'purge', 'handOver'].includes(request.do)) continue;
      await outcomeOf(send(desk, ledger, desk.ports, request, ''));
    }
  }
  // The next purge gives back what one has claimed that died, or a hand-over, though nothing is due.
  desk.world.clock.advance(HAND_OVER_CLAIM_MS);
  for (const [pick, { state }] of (await desk.trees()).filter(isStored).entries()) {
    if (state !== 'purging' && state !== 'leaving') continue;
    await send(desk, ledger, desk.ports, { do: 'purge', pick, only: 'nothing' }, 'next');
  }
  // An undelete names its deletion, which the list tells; a rename is ended by who needs its names.
  for (const [id, { kind }] of Object.entries((await desk.account()).moves ?? {})) {
    if (kind === 'rename') await settleAllMoves(await desk.request());
    else await desk.bringBack(id);
  }
}

async function outcomeOf(sent: Promise<void>): Promise<'done' | 'refused' | 'crashed'> {
  try {
    await sent;
    return 'done';
  } catch (error) {
    if (error instanceof CrashError) return 'crashed';
    if (error instanceof LetheError && REFUSALS.includes(error.name)) return 'refused';
    throw error;
  }
}

const count = (tally: Map<string, number>, what: string): void =>
  void tally.set(what, (tally.get(what) ?? 0) + 1);
