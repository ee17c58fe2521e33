/**
 * Constructs of the functions: steps of the machines, those behind the doors, the watch, and
 * those that make S3 follow the rows.
 */
export const STEPS = [
  'ResolveAccount',
  'DisableUser',
  'KickSessions',
  'WaitForSessions',
  'FenceAccount',
  'PlanErasure',
  'EraseRange',
  'ClearCaches',
  'EraseAccountRows',
  'VerifyErasure',
  'CertifyErasure',
  'ReleaseAddress',
  'RecordFailure',
];
export const SWEEP_STEPS = ['ResolveSweep', 'SweepDue', 'SweepAccounts', 'FinishSweep'];
export const PURGE_STEPS = ['ResolvePurge', 'PurgePart', 'FinishPurge'];
export const BULK_STEPS = ['ResolveBulk', 'ExpungeByQuery', 'RestoreByQuery'];
export const FUNCTIONS = [
  ...STEPS,
  ...SWEEP_STEPS,
  ...PURGE_STEPS,
  ...BULK_STEPS,
  'ProvisioningApi',
  'MailApi',
  'WatchExecutions',
  'Doctor',
  'ReconcileObjects',
  'RetryReconcile',
];
