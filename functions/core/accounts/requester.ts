/** Who asked for a deletion, as its record says. */
import type { Actor } from './actor.ts';

/** For whom somebody asked: names of callers hold no spaces. */
const ON_BEHALF = / for ([0-9a-f]{24})$/;

/** @param caller as IAM knows it; another user is named by account, because addresses change hands */
export const requesterOf = (caller: string, actor: Actor): string =>
  actor.kind === 'user' ? `${caller} for ${actor.accountId}` : caller;

/** The accounts that requesters name. */
export const namedRequesters = (requesters: readonly string[]): string[] =>
  requesters.flatMap((requester) => ON_BEHALF.exec(requester)?.[1] ?? []);

/** @param shown addresses by account id */
export const shownRequester = (requester: string, shown: ReadonlyMap<string, string>): string =>
  requester.replace(
    ON_BEHALF,
    (_, accountId: string) => ` for ${shown.get(accountId) ?? accountId}`,
  );
