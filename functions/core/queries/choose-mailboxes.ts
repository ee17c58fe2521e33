/** Which mailboxes of an account a query looks into. */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { LetheError, quoted } from '../errors.ts';
import { INBOX } from '../names/mailbox-path.ts';
import { matchesPattern } from '../names/mailbox-pattern.ts';
import { canMatch } from './match-query.ts';
import type { MailQuery } from './query.ts';

export interface Choice {
  /**
   * Name of the namespace that the expunge storage hides in, without its trailing delimiter: only
   * patterns that begin with it look there (L2).
   */
  readonly hiddenNamespace?: string;
}

/**
 * The mailboxes in which a query can hold, by name, the INBOX last: what moves into the expunge
 * storage on the way is not met twice, and the order is the same every time.
 */
export function chooseMailboxes<M extends { readonly path: string }>(
  mailboxes: readonly M[],
  query: MailQuery,
  choice: Choice,
): M[] {
  return mailboxes
    .filter(({ path }) => canMatch(query, path) && reaches(query, path, choice))
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
 * `Rabatt 50%` means the mailbox of that name, and not `Rabatt 50% alt`.
 */
export function withNames({ conditions }: MailQuery, names: ReadonlySet<string>): MailQuery {
  return {
    conditions: conditions.map((condition) => {
      if (condition.kind === 'or') {
        const queries = condition.queries.map((query) => withNames(query, names));
        return { ...condition, queries };
      }
      if (condition.kind === 'not') {
        return { ...condition, query: withNames(condition.query, names) };
      }
      const isName = condition.kind === 'mailbox' && names.has(condition.name);
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

/** Whether a mailbox of the hidden namespace is meant, in so many words. */
function reaches(query: MailQuery, path: string, { hiddenNamespace }: Choice): boolean {
  if (hiddenNamespace === undefined || !isInside(path, hiddenNamespace)) return true;
  return query.conditions.some((condition) => {
    if (condition.kind === 'mailbox') {
      if (!condition.wild) return condition.name === path;
      return condition.name.startsWith(hiddenNamespace) && matchesPattern(condition.name, path);
    }
    return (
      condition.kind === 'or' &&
      condition.queries.some((branch) => reaches(branch, path, { hiddenNamespace }))
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
