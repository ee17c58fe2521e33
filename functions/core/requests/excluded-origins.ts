/** Why a search for expunged mail finds nothing: where it came from, an expunge keeps none (L5). */
import { everyMailbox } from '../mailboxes/every-mailbox.ts';
import { findMailbox } from '../mailboxes/mailboxes.ts';
import { matchesName } from '../queries/match-query.ts';
import type { MailQuery } from '../queries/query.ts';
import type { MailRequest } from './mail-access.ts';

/** Names in an answer: who asks for one folder is told, who asks for all gets the idea. */
const EXCLUDED_TOLD_MAX = 20;

/**
 * Mailboxes that the query names as origins and from which the settings of today keep nothing; an
 * answer's member, missing where there are none. Other users do not see the settings.
 */
export async function excludedOrigins(
  { ports, access, deadline }: MailRequest,
  query: MailQuery,
): Promise<{ readonly excluded?: readonly string[] }> {
  const { account, actor, settings } = access;
  // Queries of restores have neither `or` nor `not`.
  const origins = query.conditions.filter((condition) => condition.kind === 'origin');
  if (origins.length === 0 || actor.kind === 'user') return {};
  const excluded = new Set<string>();
  for (const { name } of origins.filter(({ wild }) => !wild)) {
    // A mailbox that is gone has its name left, and no special use.
    const there = await findMailbox(ports.rows, account, name);
    if (settings.isExcluded(name, there?.specialUse)) excluded.add(name);
  }
  const patterns = origins.filter(({ wild }) => wild);
  if (patterns.length === 0) return excluded.size === 0 ? {} : { excluded: [...excluded] };
  for await (const { path, specialUse } of everyMailbox(ports.rows, account)) {
    if (excluded.size >= EXCLUDED_TOLD_MAX || ports.clock.now() > deadline) break;
    const isMeant = patterns.some((origin) => matchesName(origin, path));
    if (isMeant && settings.isExcluded(path, specialUse)) excluded.add(path);
  }
  return excluded.size === 0 ? {} : { excluded: [...excluded] };
}
