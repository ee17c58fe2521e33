/** What functions that expunge and restore mail have to be told. */
import { ENV } from '../functions/contract/env.ts';
import type { NodeFunction } from './constructs/node-function.ts';
import type { RetentionClasses, Settings } from './settings.ts';

/** Days by class in JSON, `null` for those that keep mail until something else removes it. */
export function daysOf(classes: RetentionClasses): string {
  const days = Object.entries(classes).map(
    ([name, retention]) => [name, retention === 'keep' ? null : retention] as const,
  );
  return JSON.stringify(Object.fromEntries(days));
}

/** What the deployment decides about forgetting. */
export function tellMailSettings(target: NodeFunction, { mailSettings }: Settings): void {
  if (mailSettings === undefined) return;
  target.setVariable(ENV.mailSettings, JSON.stringify(mailSettings));
}
