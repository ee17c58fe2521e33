/** Steps that one function takes in turn, as operations and the command line call them. */

/** What operations of the verbs that work through queries call their steps. */
export const BULK_PHASES = {
  plan: 'Find mailboxes',
  count: 'Count messages',
  work: 'Change messages',
} as const;

/** What operations of holds call their steps. */
export const HOLD_PHASES = {
  protect: 'Protect mail',
  verify: 'Verify hold',
  restart: 'Restart clocks',
} as const;
