/** What the steps of autoexpunge may do. */
import type { StepOf } from '../../functions/contract/machines.ts';
import { bindTables, MAIL_ROWS, tellMailSettings } from '../mail-functions.ts';
import type { Grant } from './grant.ts';

/**
 * The account is checked in every transaction. Rows of mail are only changed; what is removed are
 * notes about them, and by SweepDue shells: the rows of mailboxes that are gone.
 */
const sweep: Grant = (step, props) => {
  bindTables(step, props, ['get', 'check'], MAIL_ROWS);
  step.bindIndex(props.storage.tables.dictmap, 'lazy');
  tellMailSettings(step, props);
};

export const SWEEP_GRANTS: Readonly<Record<StepOf<'autoexpunge'>, Grant>> = {
  ResolveSweep: (step, props) => {
    bindTables(step, props, ['get'], []);
    step.bindIndex(props.storage.tables.dictmap, 'due');
  },
  SweepDue: (step, props) => {
    sweep(step, props);
    step.bindIndex(props.storage.tables.dictmap, 'due');
  },
  SweepAccounts: (step, props) => {
    sweep(step, props);
    step.bindIndex(props.storage.tables.registry, 'list');
  },
  /** Adds up what it is given. */
  FinishSweep: () => undefined,
};
