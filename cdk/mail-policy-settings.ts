/** The part of the settings that says what the deployment decides about forgetting, and when. */
import { z } from 'zod';
import { checkMailSettings } from '../functions/contract/check-mail-settings.ts';
import { MAIL_SETTINGS_DEPLOYMENT_BYTES } from '../functions/contract/limits.ts';
import type { MailSettings } from '../functions/contract/mail-settings.ts';

export interface PolicySettings {
  /** When autoexpunge starts: an expression of EventBridge such as `rate(1 hour)`, or `off`. */
  readonly autoexpungeSchedule: string;
  /** Shards of what is due that are swept at the same time, so that delivery is never starved. */
  readonly autoexpungeMaxConcurrency: number;
  /** What holds where domains, accounts and mailboxes decide nothing else. */
  readonly mailSettings?: MailSettings;
}

/** The index of what is due has one for each hex digit. */
const SHARDS = 16;

/** A whole document with its own checks: its problems name the field inside it. */
const mailSettings = z.unknown().transform((given, context): MailSettings => {
  const checked = checkMailSettings(given, 'mailSettings', MAIL_SETTINGS_DEPLOYMENT_BYTES);
  for (const { field, allowed } of checked.problems) {
    const message = field === 'mailSettings' ? allowed : `as ${field} ${allowed}`;
    context.addIssue({ code: 'custom', message });
  }
  return checked.settings;
});

export const policyShape = {
  autoexpungeSchedule: z
    .string()
    .regex(/^(off|(rate|cron)\([^()]+\))$/)
    .default('rate(1 hour)'),
  autoexpungeMaxConcurrency: z.int().min(1).max(SHARDS).default(4),
  mailSettings: mailSettings.optional(),
};

/** What each field takes, in words. */
export const POLICY_ALLOWED = {
  autoexpungeSchedule: '"off", or an expression of EventBridge such as "rate(1 hour)"',
  autoexpungeMaxConcurrency: `a whole number from 1 to ${SHARDS}`,
  mailSettings: 'an object such as {"lazyExpunge": ".EXPUNGED"}',
} as const;
