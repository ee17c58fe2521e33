/** What a change of settings would make of mail, in words. */
import type { SettingsEffect } from '../../functions/contract/settings-api.ts';
import { counted, safe, size } from '../output/text.ts';

export function effectWords(effect: SettingsEffect): string {
  switch (effect.kind) {
    case 'expunged':
      return `mail that is expunged, and mailboxes that are deleted, from now on: ${safe(effect.becomes)}; before: ${safe(effect.was)}`;
    case 'autoexpunge': {
      const least = effect.atLeast ? 'at least ' : '';
      return `the next sweep expunges ${least}${counted(effect.messages, 'message')} of ${safe(effect.mailbox)}`;
    }
    case 'purge': {
      const folders = counted(effect.folders, 'deleted folder');
      return `the next purge may end ${folders} for good, with ${counted(effect.messages, 'message')}`;
    }
    case 'quota':
      return `the account uses ${size(effect.bytes)}, more than ${size(effect.limitBytes)}: nothing more is delivered`;
  }
}

/** Whether mail that there is would end. */
export const endsMail = ({ kind }: SettingsEffect): boolean =>
  kind === 'autoexpunge' || kind === 'purge';
