/** Answers about settings. */
import type { MailSettings } from './mail-settings.ts';

/**
 * `POST /v1/admin/domains/{domain}/settings/apply`: what deployment and domain say reaches the
 * mailboxes that there are.
 */
export interface ApplySettingsAnswer {
  readonly accounts: number;
  /** Mailboxes whose policy was another. */
  readonly mailboxes: number;
  /** Pass as `cursor` to go on; missing at the end. */
  readonly next?: string;
}

/** `GET settings`: each level as it was set, and what follows from all. */
export interface SettingsAnswer {
  readonly deployment: MailSettings;
  readonly domain: MailSettings;
  readonly account: MailSettings;
  readonly effective: MailSettings;
  /** Of a dry run. */
  readonly dryRun?: true;
  readonly effects?: readonly SettingsEffect[];
}

/** What a change would make of mail. */
export type SettingsEffect =
  /** What becomes of mail that is expunged, and of deleted mailboxes, from then on. */
  | {
      readonly kind: 'expunged';
      readonly was: string;
      readonly becomes: string;
      /** It was kept, and is gone for good then. */
      readonly keepsNothing?: true;
    }
  /** Messages that the next sweep expunges there. */
  | {
      readonly kind: 'autoexpunge';
      readonly mailbox: string;
      readonly messages: number;
      /** There was no time to count them all. */
      readonly atLeast?: true;
    }
  /** Deleted folders that the next purge may take, and could not before. */
  | { readonly kind: 'purge'; readonly folders: number; readonly messages: number }
  /** The account uses more than it may then. */
  | { readonly kind: 'quota'; readonly bytes: number; readonly limitBytes: number }
  /** There was no time to look at all mailboxes: what becomes of mail in the others is not known. */
  | { readonly kind: 'unknown' };

/** The same of a domain, over those of its accounts that were looked at. */
export interface DomainEffect {
  /** `storage`: a mailbox with mail has the name of the storage, so nothing could be expunged. */
  readonly kind: SettingsEffect['kind'] | 'storage';
  /** In which it is so. */
  readonly accounts: number;
  readonly mailboxes?: number;
  readonly folders?: number;
  readonly messages?: number;
  readonly atLeast?: true;
  readonly was?: string;
  readonly becomes?: string;
  readonly keepsNothing?: true;
  readonly limitBytes?: number;
  readonly mailbox?: string;
}

/** `GET`, `PUT` and `PATCH` of the settings of a domain. */
export interface DomainSettingsAnswer extends Omit<SettingsAnswer, 'effects'> {
  /** Of a dry run. */
  readonly effects?: readonly DomainEffect[];
  /** Accounts that the effects are about; of all others nothing is known. */
  readonly lookedAt?: number;
  /** Pass as `cursor` to look at others; missing when there are none. */
  readonly next?: string;
}

/** Adds up what is the same. */
export function sumDomainEffects(effects: readonly DomainEffect[]): DomainEffect[] {
  const nameOf = ({ kind, was, becomes, mailbox, limitBytes }: DomainEffect) =>
    JSON.stringify([kind, was, becomes, mailbox, limitBytes]);
  return [...Map.groupBy(effects, nameOf).values()].map((same) => {
    const [first = { kind: 'unknown', accounts: 0 }] = same;
    const sumOf = (name: 'accounts' | 'mailboxes' | 'folders' | 'messages') =>
      same.reduce((sum, effect) => sum + (effect[name] ?? 0), 0);
    return {
      ...first,
      accounts: sumOf('accounts'),
      ...(first.mailboxes === undefined ? {} : { mailboxes: sumOf('mailboxes') }),
      ...(first.folders === undefined ? {} : { folders: sumOf('folders') }),
      ...(first.messages === undefined ? {} : { messages: sumOf('messages') }),
      ...(same.some(({ atLeast }) => atLeast) ? { atLeast: true } : {}),
    };
  });
}
