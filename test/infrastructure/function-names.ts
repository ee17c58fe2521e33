/**
 * Constructs of the functions: steps of delete-account, those behind the doors, the watch, and
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
export const FUNCTIONS = [
  ...STEPS,
  'ProvisioningApi',
  'MailApi',
  'WatchExecutions',
  'Doctor',
  'ReconcileObjects',
  'RetryReconcile',
];
