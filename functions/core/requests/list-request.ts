/** Which mailboxes somebody sees (RFC 9051, 6.3.9), and the names that only have children. */
import type { MailboxListItem } from '../../contract/mail-api.ts';
import { InvalidInputError } from '../errors.ts';
import { mailboxesAtOnce } from '../mailboxes/every-mailbox.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { hasRight } from '../mailboxes/rights.ts';
import { subscribedNames } from '../mailboxes/subscriptions.ts';
import { parentOf } from '../names/mailbox-path.ts';
import { Pattern, parsePattern } from '../names/mailbox-pattern.ts';
import type { ResolvedSettings } from '../settings/resolve-settings.ts';
import type { MailRequest } from './mail-access.ts';

/** Every name is compared with every pattern. */
const PATTERNS_MAX = 20;

export interface NamePage {
  readonly limit: number;
  /** A name: those after it. */
  readonly after?: string;
}

/**
 * One page of names in the order of their code points. What the actor has no right `l` on is not
 * there, neither as a mailbox nor as the parent of one.
 * @throws InvalidInputError
 */
export async function requestList(
  { ports, access }: MailRequest,
  given: readonly string[],
  page: NamePage,
): Promise<{ readonly items: readonly MailboxListItem[]; readonly next?: string }> {
  if (given.length > PATTERNS_MAX) {
    throw InvalidInputError.of('pattern', `got ${given.length}, allowed are ${PATTERNS_MAX}`);
  }
  const patterns = given.map((one) => {
    const name = parsePattern('pattern', one);
    return { name, pattern: new Pattern(name) };
  });
  const { account, actor, settings } = access;
  const found = new Map<string, MailboxListItem>();
  const parents = new Set<string>();
  for (const mailbox of await mailboxesAtOnce(ports.rows, account)) {
    if (!hasRight(actor, settings, mailbox, 'l')) continue;
    const { path } = mailbox;
    const reaching = patterns.filter(({ name }) => reaches(settings, name, path));
    const levels = reaching.map(({ pattern }) => pattern.matchedLevels(path));
    const shown = (name: string) => levels.some((matched) => matched.has(name));
    const { specialUse = settings.specialUseOf(path) } = mailbox;
    if (shown(path)) found.set(path, { path, ...(specialUse === undefined ? {} : { specialUse }) });
    for (let above = parentOf(path); above !== undefined; above = parentOf(above)) {
      if (reaching.length > 0) parents.add(above);
      if (shown(above) && !found.has(above)) found.set(above, { path: above, placeholder: true });
    }
  }
  const { after = '', limit } = page;
  const items = [...found.values()]
    .filter(({ path }) => path > after)
    .sort((one, other) => (one.path < other.path ? -1 : 1));
  const next = items.length > limit ? items[limit - 1]?.path : undefined;
  // The list of subscriptions is its owner's.
  const subscribed =
    actor.kind === 'user' ? new Set() : await subscribedNames(ports.rows, account.accountId);
  const shown = items.slice(0, limit).map((item) => ({
    ...item,
    ...(parents.has(item.path) ? { hasChildren: true as const } : {}),
    ...(item.placeholder === undefined && subscribed.has(item.path)
      ? { subscribed: true as const }
      : {}),
  }));
  return { items: shown, ...(next === undefined ? {} : { next }) };
}

/**
 * Whether a mailbox stands in the list of everything, with what it holds. The namespace of expunged
 * mail is not for its owner's programs; administrators see all.
 */
export function isListed({ access }: MailRequest, mailbox: Mailbox): boolean {
  const { actor, settings } = access;
  if (actor.kind === 'admin') return true;
  return hasRight(actor, settings, mailbox, 'l') && reaches(settings, '*', mailbox.path);
}

/** The namespace of expunged mail shows only where a pattern begins with its name (L2). */
function reaches(settings: ResolvedSettings, pattern: string, path: string): boolean {
  const { expunge, storageName } = settings;
  if (expunge.mode !== 'namespace' || storageName === undefined) return true;
  return !settings.isStorage(path) || pattern.startsWith(storageName);
}
