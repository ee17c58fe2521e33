/**
 * Constructs of the functions: steps of the machines, those behind the doors, the watch, and
 * those that make S3 follow the rows.
 */
import { BULK_VERBS, HOLD_VERBS, machineOf, type Verb } from '../../functions/contract/machines.ts';

/** Of the functions of a machine, by the register, which a test holds to the definitions. */
const stepsOf = (verb: Verb): string[] =>
  Object.entries(machineOf(verb).steps).map(([token, { construct = token }]) => construct);

export const STEPS = stepsOf('delete-account');
export const SWEEP_STEPS = stepsOf('autoexpunge');
export const PURGE_STEPS = stepsOf('purge-mailboxes');
export const BULK_STEPS = [
  ...new Set(BULK_VERBS.flatMap(stepsOf).filter((name) => name !== 'RecordFailure')),
];
export const HOLD_STEPS = [
  ...new Set(HOLD_VERBS.flatMap(stepsOf).filter((name) => name !== 'RecordFailure')),
];
export const FUNCTIONS = [
  ...STEPS,
  ...SWEEP_STEPS,
  ...PURGE_STEPS,
  ...BULK_STEPS,
  ...HOLD_STEPS,
  'ProvisioningApi',
  'MailApi',
  'WatchExecutions',
  'RunDue',
  'AddressApi',
  'Doctor',
  'ReconcileObjects',
  'RetryReconcile',
];
