/** The policy of a mailbox: what the settings say, written down on its row. */
import { dictmapKeys } from '../../contract/row-layout.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { dueGuard, entryAt } from '../policies/due.ts';
import { type PolicyAttributes, policyAttributes } from '../policies/policy-attributes.ts';
import type { Ports } from '../ports/ports.ts';
import type { ResolvedSettings } from '../settings/resolve-settings.ts';
import { settingsChecks } from '../settings/settings-store.ts';

const policyOn = (mailbox: Mailbox): PolicyAttributes =>
  policyAttributes({
    ...(mailbox.autoexpungeAfterSeconds === undefined
      ? {}
      : { afterSeconds: mailbox.autoexpungeAfterSeconds }),
    ...(mailbox.autoexpungeMaxMails === undefined ? {} : { maxMails: mailbox.autoexpungeMaxMails }),
  });

const hasPolicy = (policy: PolicyAttributes): boolean => Object.keys(policy).length > 0;

function isSame(one: PolicyAttributes, other: PolicyAttributes): boolean {
  return (
    one.autoexpungeAfterSeconds === other.autoexpungeAfterSeconds &&
    one.autoexpungeMaxMails === other.autoexpungeMaxMails
  );
}

/** Whether a sweep has anything to look for in a mailbox, by its row or by the settings. */
export function concernsSweeps(settings: ResolvedSettings, mailbox: Mailbox): boolean {
  if (mailbox.dueSk !== undefined || hasPolicy(policyOn(mailbox))) return true;
  return hasPolicy(policyAttributes(settings.autoexpungeOf(mailbox.path)));
}

/**
 * Brings the policy on a mailbox row in line with the settings. A new policy is due at once: the
 * sweep finds out when there is something to do.
 * @returns the mailbox as its row says then; `lost` when it changed meanwhile, `outdated` when the
 *   settings did: whoever changed them brings theirs here, so nothing older may be written
 */
export async function applyPolicy(
  ports: Pick<Ports, 'rows' | 'clock'>,
  settings: ResolvedSettings,
  mailbox: Mailbox,
): Promise<Mailbox | 'lost' | 'outdated'> {
  const before = policyOn(mailbox);
  const wanted = policyAttributes(settings.autoexpungeOf(mailbox.path));
  // What the storage hides since an age limit that is no more must still be cleared away.
  const looks = hasPolicy(wanted) || (mailbox.role === 'storage' && mailbox.dueSk !== undefined);
  const stale = !looks && mailbox.dueSk !== undefined;
  if (isSame(before, wanted) && !stale) return mailbox;
  const entry = looks ? entryAt(mailbox.mailboxId, ports.clock.now()) : undefined;
  const set = { ...wanted, ...entry };
  const gone = Object.keys(before).filter((name) => !(name in wanted));
  const unset = [...gone, ...(stale ? ['duePk', 'dueSk'] : [])];
  const { equals, without } = dueGuard(mailbox);
  const checks = settingsChecks(settings);
  const result = await ports.rows.transact([
    ...checks,
    {
      kind: 'update',
      key: dictmapKeys.mailbox(mailbox.mailboxId),
      guard: {
        row: 'present',
        equals: { ...equals, state: 'active', path: mailbox.path },
        without,
      },
      change: {
        ...(Object.keys(set).length === 0 ? {} : { set }),
        ...(unset.length === 0 ? {} : { unset }),
      },
    },
  ]);
  if (result.outcome === 'conflict') return 'lost';
  if (result.outcome === 'refused') {
    return result.refusals.some(({ index }) => index < checks.length) ? 'outdated' : 'lost';
  }
  const { autoexpungeAfterSeconds: _, autoexpungeMaxMails: __, dueSk: ___, ...rest } = mailbox;
  return { ...rest, ...wanted, ...(entry === undefined ? {} : { dueSk: entry.dueSk }) };
}
