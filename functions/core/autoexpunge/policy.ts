/** The autoexpunge policy that a mailbox row carries: what follows from the settings for its name. */
import type { AutoexpungePolicy } from '../../contract/mail-settings.ts';
import type { ResolvedSettings } from '../settings/resolve-settings.ts';

/** What `dueAfterAdding` knows of a policy. */
export interface PolicyAttributes {
  readonly autoexpungeAfterSeconds?: number;
  readonly autoexpungeMaxMails?: number;
}

/** A policy as attributes of a mailbox row. */
export function policyAttributes({ afterSeconds, maxMails }: AutoexpungePolicy): PolicyAttributes {
  return {
    ...(afterSeconds === undefined ? {} : { autoexpungeAfterSeconds: afterSeconds }),
    ...(maxMails === undefined ? {} : { autoexpungeMaxMails: maxMails }),
  };
}

/** What the settings say about a mailbox of this name, for the one who makes it. */
export function settingsFor(
  settings: ResolvedSettings,
  path: string,
): { readonly policy: AutoexpungePolicy; readonly specialUse?: string } {
  const specialUse = settings.specialUseOf(path);
  return {
    policy: settings.autoexpungeOf(path) ?? {},
    ...(specialUse === undefined ? {} : { specialUse }),
  };
}
