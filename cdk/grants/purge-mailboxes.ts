/** What the steps of purge-mailboxes may do. */
import { ENV } from '../../functions/contract/env.ts';
import type { StepOf } from '../../functions/contract/machines.ts';
import { bindTables, MAIL_ROWS, tellMailSettings } from '../mail-functions.ts';
import type { Grant } from './grant.ts';

/** How fast a purge may be, and whether it waits for backups. */
const tellLimits: Grant = (step, { settings: { backupGate, purgeKeysPerSecond } }) => {
  step.setVariable(ENV.purgeKeysPerSecond, String(purgeKeysPerSecond));
  step.setVariable(ENV.backupGate, backupGate);
};

export const PURGE_GRANTS: Readonly<Record<StepOf<'purge-mailboxes'>, Grant>> = {
  /** Opens the operation, and looks whether a deletion that is named is there. */
  ResolvePurge: (step, props) => {
    bindTables(step, props, ['get', 'put', 'update', 'check'], ['get']);
    step.bindIndex(props.storage.tables.dictmap, 'due');
  },
  /**
   * Of rows only the names of deleted mailboxes go, and mailboxes that never held any mail; moves
   * that a crash has left are finished, which gives names up, and back.
   */
  PurgePart: (step, props) => {
    const { registry, dictmap } = props.storage.tables;
    bindTables(step, props, ['get', 'put', 'update', 'check'], MAIL_ROWS);
    step.bindIndex(dictmap, 'due');
    step.bindIndex(registry, 'list');
    tellMailSettings(step, props);
    tellLimits(step, props);
  },
  FinishPurge: (step, props) => {
    const { registry } = props.storage.tables;
    step.bindTable(registry, ENV.registryTable, ['get', 'query', 'put', 'update']);
    tellLimits(step, props);
  },
};
