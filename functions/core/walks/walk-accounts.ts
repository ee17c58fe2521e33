/** A walk over whole accounts, one after the other: one, or all of a domain. */
import type {
  WalkAnswer,
  WalkPlace,
  WalkProgress,
  WalkReport,
  WalkScope,
} from '../../contract/walks.ts';
import { StoreBusyError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { RowStore } from '../ports/row-store.ts';
import { text } from '../rows/attributes.ts';

type WalkPorts = { readonly rows: RowStore; readonly clock: Clock };

/** What was done in an account. */
export interface AccountPart<R extends WalkReport> {
  readonly report: R;
  /** Whether anything was done that the next invocation need not do again. */
  readonly moved: boolean;
  /** Where to go on; missing when the account is done. */
  readonly next?: WalkPlace;
}

export interface AccountWalk<R extends WalkReport> {
  readonly scope: WalkScope;
  readonly progress: WalkProgress<R> | null;
  readonly nothing: R;
  sum(...reports: readonly R[]): R;
  /** Does what is to be done in an account, whatever happens to it. */
  visit(place: WalkPlace): Promise<AccountPart<R>>;
}

/**
 * @param until epoch milliseconds after which it answers `again`
 * @throws StoreBusyError when time is over and nothing at all could be done
 */
export async function walkAccounts<R extends WalkReport>(
  ports: WalkPorts,
  { scope, progress, nothing, sum, visit }: AccountWalk<R>,
  until: number,
): Promise<WalkAnswer<R>> {
  const rounds = (progress?.rounds ?? 0) + 1;
  const begun: Omit<WalkProgress<R>, 'rounds'> = { report: nothing, ...progress };
  let { report, account, after } = begun;
  let moved = false;
  for (;;) {
    const { accountId, next } = await nextAccount(ports, scope, after);
    if (accountId !== undefined) {
      const here = account?.accountId === accountId ? account : undefined;
      const part = await visit(here ?? { accountId, pass: 1 });
      report = sum(report, part.report);
      moved ||= part.moved;
      if (part.next !== undefined) {
        if (!moved) throw new StoreBusyError(`account ${accountId}: nothing could be done in time`);
        const place = { ...(after === undefined ? {} : { after }), account: part.next };
        return { outcome: 'again', progress: { ...place, rounds, report } };
      }
    }
    if (next === undefined) return { outcome: 'done', progress: { rounds, report } };
    [after, account, moved] = [next, undefined, true];
    if (ports.clock.now() > until) {
      return { outcome: 'again', progress: { after, rounds, report } };
    }
  }
}

/** One at a time: so a walk can stop between any two. */
export async function nextAccount(
  { rows }: Pick<WalkPorts, 'rows'>,
  scope: WalkScope,
  after: string | undefined,
): Promise<{ readonly accountId?: string; readonly next?: string }> {
  if ('accountId' in scope) return { accountId: scope.accountId };
  const pk = `account#${scope.domain}`;
  const query = { table: 'registry', index: 'list', pk, limit: 1 } as const;
  const { rows: found, next } = await rows.query(after === undefined ? query : { ...query, after });
  const [row] = found;
  return {
    ...(row === undefined ? {} : { accountId: text(row, 'accountId') }),
    ...(next === undefined ? {} : { next }),
  };
}
