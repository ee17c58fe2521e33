import type { Aftermath } from '../../contract/mail-api.ts';
import { firstEnd } from '../folders/tree-end.ts';
import type { ResolvedSettings } from '../settings/resolve-settings.ts';

interface Aside {
  readonly messages: number;
  /** Of the folders that are set aside. */
  readonly paths: readonly string[];
}

/** What can be brought back of deleted folders; nothing is said of those without mail. */
export function setAside(
  settings: ResolvedSettings,
  { messages, paths }: Aside,
  deletedAt: number,
): Aftermath {
  if (messages === 0) return {};
  const until = firstEnd(settings, paths, deletedAt);
  const ends = until === undefined ? {} : { until };
  return { recoverable: { messages, ...ends, by: 'mailboxes/undelete' } };
}
