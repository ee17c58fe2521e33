/** Constructs of the functions: the steps of delete-account, then those behind the doors. */
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
export const FUNCTIONS = [...STEPS, 'ProvisioningApi', 'MailApi', 'Doctor'];
