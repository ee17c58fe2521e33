/** What a change of settings would make of mail, in words. */
import type { DomainEffect, SettingsEffect } from '../../functions/contract/settings-api.ts';
import { count, counted, safe, size } from '../output/text.ts';

export function effectWords(effect: SettingsEffect): string {
  switch (effect.kind) {
    case 'expunged':
      return fromNowOn(effect);
    case 'autoexpunge': {
      const least = effect.atLeast ? 'at least ' : '';
      return `the next sweep expunges ${least}${counted(effect.messages, 'message')} of ${safe(effect.mailbox)}`;
    }
    case 'purge':
      return `the next purge may end ${foldersOf(effect)}`;
    case 'quota':
      return `the account uses ${size(effect.bytes)}, more than ${size(effect.limitBytes)}: nothing more is delivered`;
    case 'unknown':
      return 'there was no time to look at all mailboxes: what becomes of mail in the others is unknown';
  }
}

/** The same of a domain. */
export function domainEffectWords(effect: DomainEffect): string {
  const { kind, accounts, mailboxes = 0, folders = 0, messages = 0, atLeast } = effect;
  const inAccounts = `in ${counted(accounts, 'account')}`;
  switch (kind) {
    case 'expunged':
      return `${inAccounts}, ${fromNowOn({ was: '', becomes: '', ...effect })}`;
    case 'autoexpunge': {
      const many = `${atLeast ? 'at least ' : ''}${counted(messages, 'message')}`;
      return `${inAccounts}, the next sweep expunges ${many} of ${counted(mailboxes, 'mailbox', 'mailboxes')}`;
    }
    case 'purge':
      return `${inAccounts}, the next purge may end ${foldersOf({ folders, messages })}`;
    case 'quota':
      return `${counted(accounts, 'account uses', 'accounts use')} more than ${size(effect.limitBytes ?? 0)}: nothing more is delivered there`;
    case 'storage':
      return `${inAccounts}, a mailbox with mail is called ${safe(effect.mailbox ?? '')}: nothing can be expunged there until it is renamed`;
    case 'unknown':
      return `${inAccounts}, there was no time to look at all mailboxes: what becomes of mail in the others is unknown`;
  }
}

/** @param more whether there are others */
export function lookedAtWords(lookedAt: number, more: boolean): string {
  if (lookedAt === 0 && !more) return 'the domain has no account';
  const looked = counted(lookedAt, 'account was', 'accounts were');
  if (!more) return `${looked} looked at: all of the domain`;
  return `${count(lookedAt)} accounts were looked at: what becomes of mail in the others is unknown`;
}

const fromNowOn = ({
  was,
  becomes,
  keepsNothing,
}: {
  readonly was: string;
  readonly becomes: string;
  readonly keepsNothing?: true;
}) => {
  const end = keepsNothing ? '; expunged mail is gone for good then' : '';
  return `mail that is expunged, and mailboxes that are deleted, from now on: ${safe(becomes)}; before: ${safe(was)}${end}`;
};

const foldersOf = ({
  folders,
  messages,
}: {
  readonly folders: number;
  readonly messages: number;
}): string =>
  `${counted(folders, 'deleted folder')} for good, with ${counted(messages, 'message')}`;

/** Whether mail that there is would end, or may, or is kept no more when it is expunged. */
export const endsMail = ({
  kind,
  keepsNothing,
}: Pick<DomainEffect, 'kind' | 'keepsNothing'>): boolean =>
  keepsNothing === true || ['autoexpunge', 'purge', 'storage', 'unknown'].includes(kind);
