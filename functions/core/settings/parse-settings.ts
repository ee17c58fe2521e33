/** Settings documents as requests and stores give them. */
import { checkMailSettings, type SettingsProblem } from '../../contract/check-mail-settings.ts';
import type { MailSettings } from '../../contract/mail-settings.ts';
import { InvalidInputError, quoted } from '../errors.ts';

/**
 * Checks a settings document and brings it into its one stored form. The names that Dovecot has
 * for its settings are taken as well (contract/seed-mail-settings.ts).
 * @throws InvalidInputError naming every field that is wrong
 */
export function parseMailSettings(given: unknown): MailSettings {
  const { settings, problems } = checkMailSettings(given);
  refuse(problems);
  return settings;
}

/** @throws InvalidInputError when there is any problem */
export function refuse(problems: readonly SettingsProblem[]): void {
  if (problems.length === 0) return;
  throw new InvalidInputError(
    problems.map(({ field, given, allowed }) => ({
      field,
      message: `got ${quoted(given)}, allowed is ${allowed}`,
    })),
  );
}
