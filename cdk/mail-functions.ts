/** What functions that change mail by policies or queries have to be told and given. */
import { ENV } from '../functions/contract/env.ts';
import type { NodeFunction, TableAction } from './constructs/node-function.ts';
import type { ServiceStackProps } from './service-props.ts';

/** Days of every class that was ever deployed, and the deployment's own settings. */
export function tellMailSettings(
  target: NodeFunction,
  { settings, classesEver }: Pick<ServiceStackProps, 'settings' | 'classesEver'>,
): void {
  const days = Object.entries(classesEver).map(
    ([name, retention]) => [name, retention === 'keep' ? null : retention] as const,
  );
  target.setVariable(ENV.retentionClasses, JSON.stringify(Object.fromEntries(days)));
  if (settings.mailSettings === undefined) return;
  target.setVariable(ENV.mailSettings, JSON.stringify(settings.mailSettings));
}

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
