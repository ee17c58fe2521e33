/** Constructs of the functions: steps of delete-account, those behind the doors, and the watch. */
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
export const FUNCTIONS = [...STEPS, 'ProvisioningApi', 'MailApi', 'WatchExecutions', 'Doctor'];
