/** What a sweep knows about the accounts that it comes to. */
import type { SweepReport } from '../../contract/autoexpunge.ts';
import type { MailSettings } from '../../contract/mail-settings.ts';
import { readAccount } from '../accounts/accounts.ts';
import type { ChunkPorts, MailContext } from '../messages/in-chunks.ts';
import type { RetentionDays } from '../policies/expiry.ts';
import { readSettings } from '../settings/settings-store.ts';
import { failureOf, NOTHING_WALKED } from '../walks/walk-report.ts';

export interface SweepConfig {
  /** Settings of the deployment. */
  readonly deployment: MailSettings;
  readonly retentionDays: RetentionDays;
  /** Mailboxes of different accounts that are swept at the same time. */
  readonly parallelAccounts: number;
  /** Told of every failure, as it happens. */
  readonly onFailure?: (what: string, fault: unknown) => void;
}

/**
 * The account's context; or the report, when it may not be swept (held: W6, not active, gone) or
 * cannot be read.
 */
export async function sweepContextOf(
  ports: Pick<ChunkPorts, 'rows'>,
  config: SweepConfig,
  accountId: string,
): Promise<{ readonly context: MailContext } | { readonly report: SweepReport }> {
  try {
    const account = await readAccount(ports.rows, accountId);
    if (account?.state !== 'active' || account.held)
      return { report: { ...NOTHING_WALKED, skipped: 1 } };
    const settings = await readSettings(ports.rows, config.deployment, account);
    return { context: { account, settings, retentionDays: config.retentionDays } };
  } catch (error) {
    return { report: reportFailure(config, accountId, error) };
  }
}

/** @param what a mailbox or an account: ids only */
export function reportFailure(config: SweepConfig, what: string, error: unknown): SweepReport {
  config.onFailure?.(what, error);
  return failureOf(what, error);
}
