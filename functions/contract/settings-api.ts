/** Requests and answers about settings. */
import type { MailSettings } from './mail-settings.ts';

/**
 * `PATCH settings`, administrators and provisioning only; `PUT settings` takes a whole document.
 * Both also below `/v1/admin/domains/{domain}`.
 */
export interface ChangeSettingsRequest {
  /** Members that replace those there are; settings of mailboxes by name and member. */
  readonly set?: MailSettings;
  readonly unset?: readonly string[];
  /** Names or patterns of mailboxes whose settings go. */
  readonly unsetMailboxes?: readonly string[];
}

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
}
