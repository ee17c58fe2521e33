/** Which mailboxes of an account a query looks into. */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { LetheError, quoted } from '../errors.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { INBOX } from '../names/mailbox-path.ts';
import { matchesPattern } from '../names/mailbox-pattern.ts';
import type { ExpungeMode } from '../settings/resolve-settings.ts';
import { canMatch } from './match-query.ts';
import type { MailQuery } from './query.ts';

/** Which expunge storages patterns mean; a storage that is named is always meant. */
export interface StorageReach {
  /** Path of the storage of today's settings, when it is one mailbox: as any other for patterns. */
  readonly open?: string;
  /** Name of the namespace of today's settings, without its trailing delimiter (L2). */
  readonly namespace?: string;
}

/** What the settings of an account make of its storages. */
export function storageReach(expunge: ExpungeMode): StorageReach {
  if (expunge.mode === 'mailbox') return { open: expunge.path };
  return expunge.mode === 'namespace' ? { namespace: expunge.prefix.slice(0, -1) } : {};
}

type Choosable = Pick<Mailbox, 'path' | 'role'>;

/**
 * The mailboxes in which a query can hold, by name, the INBOX last: what moves into the expunge
 * storage on the way is not met twice, and the order is the same every time.
 * @param reach missing: patterns mean storages too
 */
export function chooseMailboxes<M extends Choosable>(
  mailboxes: readonly M[],
  query: MailQuery,
  reach: StorageReach | undefined,
): M[] {
  const hidingOf = reach === undefined ? () => undefined : hidings(mailboxes, reach);
  return mailboxes
    .filter((mailbox) => {
      const { path } = mailbox;
      return canMatch(query, path) && reaches(query, path, hidingOf(mailbox));
    })
    .sort((a, b) => walkOrder(a.path, b.path));
}

/** Names in a query that look like patterns. */
export function patternsIn({ conditions }: MailQuery): string[] {
  return conditions.flatMap((condition) => {
    if (condition.kind === 'mailbox') return condition.wild ? [condition.name] : [];
    if (condition.kind === 'or') return condition.queries.flatMap(patternsIn);
    return condition.kind === 'not' ? patternsIn(condition.query) : [];
  });
}

/**
 * The query with these names taken for names, though they look like patterns: who writes
 * `Rabatt 50%` means the mailbox of that name, and not `Rabatt 50% alt`. Where it spares, it stays
 * a pattern, which spares both.
 * @param spares inside of an odd number of `not`
 */
export function withNames(
  { conditions }: MailQuery,
  names: ReadonlySet<string>,
  spares = false,
): MailQuery {
  return {
    conditions: conditions.map((condition) => {
      if (condition.kind === 'or') {
        const queries = condition.queries.map((query) => withNames(query, names, spares));
        return { ...condition, queries };
      }
      if (condition.kind === 'not') {
        return { ...condition, query: withNames(condition.query, names, !spares) };
      }
      const isName = !spares && condition.kind === 'mailbox' && names.has(condition.name);
      return isName ? { ...condition, wild: false } : condition;
    }),
  };
}

/**
 * Every mailbox that the query names, outside of `not`, must be there.
 * @throws UnknownMailboxError
 */
export function requireNamed(
  query: MailQuery,
  mailboxes: readonly { readonly path: string }[],
): void {
  const paths = new Set(mailboxes.map(({ path }) => path));
  const missing = namesIn(query).find((name) => !paths.has(name));
  if (missing === undefined) return;
  throw new LetheError(
    ERROR_NAMES.unknownMailbox,
    `the query names mailbox ${quoted(missing)}, which the account does not have`,
    'Name one that the list shows, or a pattern, which may match none.',
  );
}

/** Whether a query names a mailbox, outside of `not`, and not only meets it with a pattern. */
export const namesExactly = (query: MailQuery, path: string): boolean =>
  namesIn(query).includes(path);

function namesIn({ conditions }: MailQuery): string[] {
  return conditions.flatMap((condition) => {
    if (condition.kind === 'mailbox') return condition.wild ? [] : [condition.name];
    return condition.kind === 'or' ? condition.queries.flatMap(namesIn) : [];
  });
}

/**
 * What a pattern must begin with to mean a mailbox: the namespace of the storage, or, for a storage
 * of settings of before, the highest level at and below which there are no other mailboxes. Other
 * patterns were never meant for what only its role still shows to be a storage.
 */
function hidings(
  mailboxes: readonly Choosable[],
  { open, namespace }: StorageReach,
): (mailbox: Choosable) => string | undefined {
  const others = mailboxes.filter(({ role }) => role !== 'storage');
  const shared = new Set(others.flatMap(({ path }) => levelsOf(path)));
  return ({ path, role }) => {
    if (namespace !== undefined && isInside(path, namespace)) return namespace;
    if (role !== 'storage' || path === open) return undefined;
    return levelsOf(path).find((level) => !shared.has(level)) ?? path;
  };
}

/** A path and those above it, the highest first. */
function levelsOf(path: string): string[] {
  const names = path.split('/');
  return names.map((_, index) => names.slice(0, index + 1).join('/'));
}

/** Whether a hidden mailbox is meant, in so many words. */
function reaches(query: MailQuery, path: string, hiding: string | undefined): boolean {
  if (hiding === undefined) return true;
  return query.conditions.some((condition) => {
    if (condition.kind === 'mailbox') {
      if (!condition.wild) return condition.name === path;
      return condition.name.startsWith(hiding) && matchesPattern(condition.name, path);
    }
    return (
      condition.kind === 'or' && condition.queries.some((branch) => reaches(branch, path, hiding))
    );
  });
}

const isInside = (path: string, namespace: string): boolean =>
  path === namespace || path.startsWith(`${namespace}/`);

/** The order in which mailboxes are walked, by path: the INBOX last. */
export function walkOrder(a: string, b: string): number {
  if (a === INBOX || b === INBOX) return Number(a === INBOX) - Number(b === INBOX);
  return a < b ? -1 : Number(a > b);
}
