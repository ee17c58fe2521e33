/** Dry runs of moves: what would be moved, what that leaves in a storage, and what it takes out of one. */
import type { WouldMoveAnswer } from '../../contract/mail-api.ts';
import { requireUnheld } from '../accounts/accounts.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { foreseen, livingIn, type MailOutcome, MailOutcomes } from '../messages/aftermath.ts';
import { type Entry, readEntries } from '../messages/entries.ts';
import type { MailRequest } from './mail-access.ts';

/** Where it would go; `storage`, which need not be there yet. */
type MoveTarget = Mailbox | 'storage';

/** @throws AccountHeldError when the move would begin or end a time in which mail ends (W6) */
export async function wouldMove(
  request: MailRequest,
  source: Mailbox,
  uids: readonly number[],
  target: MoveTarget,
): Promise<WouldMoveAnswer> {
  const { ports, access } = request;
  const entries = await readEntries(ports.rows, source, { uids }, ports.clock.now());
  const found = entries.flatMap((entry) => outcomeOf(request, source, entry, target) ?? []);
  if (found.length > 0) requireUnheld(access.account);
  const outcomes = new MailOutcomes().addAll(found.map((outcome) => ({ outcome })));
  return {
    dryRun: true,
    uids: entries.map(({ message }) => message.uid),
    bytes: entries.reduce((sum, { message }) => sum + message.sizeBytes, 0),
    ...(target === 'storage' ? outcomes.answer() : outcomes.moved()),
    complete: true,
  };
}

/** Missing where a move leaves nothing behind: it ends no mail. */
function outcomeOf(
  { ports, access }: MailRequest,
  source: Mailbox,
  { message, expunged }: Entry,
  target: MoveTarget,
): MailOutcome | undefined {
  const now = ports.clock.now();
  if (target === 'storage') return foreseen(access, source, message, { now });
  if (expunged !== undefined) return livingIn(target, now);
  if (access.settings.onlyLastInstance) return undefined;
  const outcome = foreseen(access, source, message, { now });
  return outcome.kept === 'gone' ? undefined : outcome;
}
