/** A policy as mailbox rows carry it, and what the settings say about a name. */
import type { AutoexpungePolicy } from '../../contract/mail-settings.ts';
import type { ResolvedSettings, SettingsBasis } from '../settings/resolve-settings.ts';

/** What `dueAfterAdding` knows of a policy. */
export interface PolicyAttributes {
  readonly autoexpungeAfterSeconds?: number;
  readonly autoexpungeMaxMails?: number;
}

/** A policy as attributes of a mailbox row, also for one that is still to be written. */
export function policyAttributes(policy: AutoexpungePolicy | undefined): PolicyAttributes {
  const { afterSeconds, maxMails } = policy ?? {};
  return {
    ...(afterSeconds === undefined ? {} : { autoexpungeAfterSeconds: afterSeconds }),
    ...(maxMails === undefined ? {} : { autoexpungeMaxMails: maxMails }),
  };
}

/** What the settings say about a mailbox of this name, for the one who makes it. */
export function settingsFor(
  settings: ResolvedSettings,
  path: string,
): {
  readonly policy: AutoexpungePolicy;
  readonly specialUse?: string;
  readonly readFrom?: SettingsBasis;
} {
  const specialUse = settings.specialUseOf(path);
  return {
    policy: settings.autoexpungeOf(path) ?? {},
    ...(specialUse === undefined ? {} : { specialUse }),
    ...(settings.readFrom === undefined ? {} : { readFrom: settings.readFrom }),
  };
}
