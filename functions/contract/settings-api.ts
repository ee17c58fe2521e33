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
  | { readonly kind: 'expunged'; readonly was: string; readonly becomes: string }
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
  | { readonly kind: 'quota'; readonly bytes: number; readonly limitBytes: number };
