/** What the steps of the verbs for many messages may do. */
import { ENV } from '../../functions/contract/env.ts';
import type { BulkVerb, StepOf } from '../../functions/contract/machines.ts';
import { bindTables, MAIL_ROWS, tellMailSettings } from '../mail-functions.ts';
import type { Grant } from './grant.ts';

/** Checks the account and counts on the operation in each transaction that changes mail. */
const changeMail: Grant = (step, props) => {
  bindTables(step, props, ['get', 'query', 'put', 'update', 'check'], MAIL_ROWS);
  step.bindIndex(props.storage.tables.dictmap, 'lazy');
  tellMailSettings(step, props);
};

export const BULK_GRANTS: Readonly<Record<Exclude<StepOf<BulkVerb>, 'RecordFailure'>, Grant>> = {
  /** Opens operations, or joins the one that an execution was started for. */
  ResolveBulk: (step, { storage }) => {
    const { registry } = storage.tables;
    step.bindTable(registry, ENV.registryTable, ['get', 'put', 'update', 'check']);
  },
  ExpungeMessages: changeMail,
  /** What comes back gets bytes of its own: S3 copies them, no function reads them. */
  RestoreMessages: (step, props) => {
    changeMail(step, props);
    step.bindBucket(props.storage.mailBucket, ENV.mailBucket, {
      bucket: ['tellAbsent'],
      objects: ['get', 'getVersion', 'put'],
      prefixes: Object.keys(props.classesEver).map((name) => `${name}/`),
    });
  },
};
