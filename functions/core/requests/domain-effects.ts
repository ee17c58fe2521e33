/** What a change of a domain's settings would make of the mail of its accounts, some at a time. */
import type { MailSettings } from '../../contract/mail-settings.ts';
import {
  type DomainEffect,
  type SettingsEffect,
  sumDomainEffects,
} from '../../contract/settings-api.ts';
import { readAccount } from '../accounts/accounts.ts';
import { findMailbox } from '../mailboxes/mailboxes.ts';
import { parseMailSettings } from '../settings/parse-settings.ts';
import { resolveSettings } from '../settings/resolve-settings.ts';
import {
  type ChangeSettings,
  readDomainSettings,
  requireGoingTogether,
} from '../settings/settings-store.ts';
import { nextAccount } from '../walks/walk-accounts.ts';
import { effectsOf, type Foreseeing, type SettingsChange } from './settings-effect.ts';

/** In one request, besides what its deadline says: one query and some reads each. */
const LOOKED_AT_MAX = 50;

export interface DomainForesight {
  /** The settings as they would be. */
  readonly settings: MailSettings;
  readonly effects: readonly DomainEffect[];
  /** Accounts of which this says something; of all others nothing is known. */
  readonly lookedAt: number;
  /** Where to go on, when there are others. */
  readonly next?: string;
}

/**
 * @param cursor of the answer before
 * @throws InvalidInputError as the change itself would
 */
export async function domainEffects(
  foreseeing: Foreseeing,
  domain: string,
  change: ChangeSettings,
  cursor: string | undefined,
): Promise<DomainForesight> {
  const { ports, deployment, deadline } = foreseeing;
  const before = await readDomainSettings(ports.rows, domain);
  const settings = parseMailSettings(change(before));
  requireGoingTogether(resolveSettings(deployment, settings));
  const effects: DomainEffect[] = [];
  let [lookedAt, after] = [0, cursor];
  for (;;) {
    const { accountId, next } = await nextAccount(ports, { domain }, after);
    const account = accountId && (await readAccount(ports.rows, accountId));
    if (account) {
      lookedAt += 1;
      const { settings: own } = account;
      const changed = {
        account,
        before: resolveSettings(deployment, before, own),
        after: resolveSettings(deployment, settings, own),
      };
      effects.push(...(await ofAccount(foreseeing, changed)));
    }
    const isOver = lookedAt >= LOOKED_AT_MAX || ports.clock.now() > deadline;
    if (next === undefined || isOver) {
      const more = next === undefined ? {} : { next };
      return { settings, effects: sumDomainEffects(effects), lookedAt, ...more };
    }
    after = next;
  }
}

/** No policy reaches the mail of an account that is not active. */
async function ofAccount(foreseeing: Foreseeing, change: SettingsChange): Promise<DomainEffect[]> {
  if (change.account.state !== 'active') return [];
  const found = (await effectsOf(foreseeing, change)).map(asOfDomain);
  const effects = sumDomainEffects([...found, ...(await ofStorage(foreseeing, change))]);
  return effects.map((effect) => ({ ...effect, accounts: 1 }));
}

/** A mailbox with mail that has the name of the storage: nothing could be expunged beside it. */
async function ofStorage(
  { ports }: Foreseeing,
  { account, before, after }: SettingsChange,
): Promise<DomainEffect[]> {
  const { expunge, storageName } = after;
  if (expunge.mode !== 'mailbox' || storageName === before.storageName) return [];
  const there = await findMailbox(ports.rows, account, expunge.path);
  if (there === undefined || there.role === 'storage' || there.messages === 0) return [];
  return [{ kind: 'storage', accounts: 1, mailbox: expunge.path }];
}

/** Names of mailboxes are those of one account. */
function asOfDomain(effect: SettingsEffect): DomainEffect {
  if (effect.kind === 'quota') return { kind: 'quota', accounts: 1, limitBytes: effect.limitBytes };
  if (effect.kind !== 'autoexpunge') return { ...effect, accounts: 1 };
  const { mailbox: _, ...rest } = effect;
  return { ...rest, accounts: 1, mailboxes: 1 };
}
