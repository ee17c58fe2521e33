/** What functions that change mail by policies or queries have to be told and given. */
import { ENV } from '../functions/contract/env.ts';
import type { NodeFunction, TableAction } from './constructs/node-function.ts';
import type { ServiceStackProps } from './service-props.ts';
import type { RetentionClasses, Settings } from './settings.ts';

/** Days by class in JSON, `null` for those that keep mail until something else removes it. */
export function retentionDaysText(classes: RetentionClasses): string {
  const days = Object.entries(classes).map(
    ([name, retention]) => [name, retention === 'keep' ? null : retention] as const,
  );
  return JSON.stringify(Object.fromEntries(days));
}

/** What the deployment decides about forgetting, where domains and accounts decide nothing. */
export function tellDeploymentSettings(target: NodeFunction, { mailSettings }: Settings): void {
  if (mailSettings === undefined) return;
  target.setVariable(ENV.mailSettings, JSON.stringify(mailSettings));
}

/** Days of every class that was ever deployed, and the deployment's own settings. */
export function tellMailSettings(
  target: NodeFunction,
  { settings, classesEver }: Pick<ServiceStackProps, 'settings' | 'classesEver'>,
): void {
  target.setVariable(ENV.retentionClasses, retentionDaysText(classesEver));
  tellDeploymentSettings(target, settings);
}

/**
 * What changing mail takes of the dictmap: besides rows of messages and mailboxes, the notes about
 * them (buckets in use, what has `\Deleted`), which go when they are empty. The storage is made when
 * it is missing.
 */
export const MAIL_ROWS = ['get', 'query', 'put', 'update', 'check', 'remove'] as const;

/** Both tables, with the indexes that a function reads. */
export function bindTables(
  target: NodeFunction,
  { storage }: Pick<ServiceStackProps, 'storage'>,
  registry: readonly TableAction[],
  dictmap: readonly TableAction[],
): void {
  target.bindTable(storage.tables.registry, ENV.registryTable, registry);
  target.bindTable(storage.tables.dictmap, ENV.dictmapTable, dictmap);
}

/** How long logs, recovery points and reservations outlive an erasure. */
export function tellRemainders(target: NodeFunction, settings: Settings): void {
  target.setVariable(ENV.logRetentionDays, String(settings.logRetentionDays));
  target.setVariable(ENV.recoveryDays, String(settings.recoveryDays));
  target.setVariable(ENV.reservationDays, String(settings.reservationDays));
}
