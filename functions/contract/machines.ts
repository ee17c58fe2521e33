/**
 * The one register of the state machines: what each is called, its steps, what becomes of faults.
 * Stacks, wiring, alarms and the command line follow it, and a test holds it to the definitions in
 * statemachines/.
 */
import { BULK_PHASES, HOLD_PHASES } from './phases.ts';
import { DAY_SECONDS } from './times.ts';

/** A step that is one function; its handler is called as its token, `EraseRange` `erase-range`. */
export interface Step {
  /** A few calls, calls to mail servers, or pages until the time is nearly over. */
  readonly takes: 'calls' | 'mailServers' | 'paging';
  /** Of the function in the stack, where it is not the token: a machine may have that name. */
  readonly construct?: string;
  /** What the description of the function says; the name of the handler when missing. */
  readonly does?: string;
  /**
   * States that an invocation which answers stands for in the bill: its own, and those that the
   * machine always enters between it and the next Task; 1 when missing. A function cannot see the
   * machine: a test holds this to the definition.
   */
  readonly enters?: number;
  /** Outcomes after which the machine enters one state more. */
  readonly entersOneMoreOn?: readonly string[];
}

/** Alarms of executions that failed or did not end in time. */
interface MachineAlarm {
  /** Begins the ids of the alarms. */
  readonly id: string;
  /** Heading in the runbook. */
  readonly runbook: string;
  /** What it means that an execution failed. */
  readonly failed: string;
}

export interface Machine {
  /** By the tokens of the definition: `EraseRange` stands there as `${EraseRangeFunctionArn}`. */
  readonly steps: Readonly<Record<string, Step>>;
  /**
   * What becomes of a step that fails for good: it stands on the operation (`recorded`), the other
   * parts go on and the end names it (`gathered`), or the execution fails and a later one makes up
   * for it (`failed`).
   */
  readonly faults: 'recorded' | 'gathered' | 'failed';
  /** Whether executions work on operations, which can be shown and resumed. */
  readonly operation: boolean;
  /** Of a whole execution. */
  readonly timeoutSeconds: number;
  /** Whether the API starts it, or may learn how its executions are. */
  readonly started: boolean;
  /**
   * Steps that its operations name, in their order, as the command line shows them while it waits:
   * states of the definition that do something, or phases of its one function.
   */
  readonly shownSteps?: readonly string[];
  /** Missing where the machine has alarms of its own kind. */
  readonly alarm?: MachineAlarm;
}

const REFUSED = ', or its input was refused';

/** "Describe ..." before it and "... failed" after it. */
const RECORD_FAILURE = { takes: 'calls', enters: 3 } as const satisfies Step;

/** Each and its Choice. */
const RESOLVE_BULK = { takes: 'calls', enters: 2 } as const satisfies Step;

/** Each and its Choice. */
const RESOLVE_HOLD = { takes: 'calls', enters: 2 } as const satisfies Step;

/** What placing and releasing have in common. */
const HOLD = {
  faults: 'recorded',
  operation: true,
  timeoutSeconds: DAY_SECONDS,
  started: true,
} as const;

/** What those verbs have in common. */
const BULK = {
  faults: 'recorded',
  operation: true,
  timeoutSeconds: DAY_SECONDS,
  started: true,
  shownSteps: Object.values(BULK_PHASES),
} as const;

/**
 * One function finds, counts and changes messages until nothing is left.
 * @param construct of the function: the machine has the name of the token
 */
const bulkWorker = <const C extends string>(construct: C) =>
  ({
    takes: 'paging',
    construct,
    does: 'finds, counts and changes messages',
    enters: 2,
    entersOneMoreOn: ['done'],
  }) as const;

const bulkAlarm = <const I extends string>(id: I) =>
  ({
    id,
    runbook: 'mail-could-not-be-expunged-or-restored-by-query',
    failed: REFUSED,
  }) as const;

export const MACHINES = {
  'delete-account': {
    steps: {
      ResolveAccount: { takes: 'calls', enters: 2 },
      DisableUser: { takes: 'calls' },
      KickSessions: {
        takes: 'mailServers',
        enters: 2,
        entersOneMoreOn: ['noServers', 'addressGone'],
      },
      WaitForSessions: { takes: 'mailServers', enters: 2, entersOneMoreOn: ['none', 'again'] },
      BeginGrace: { takes: 'calls', enters: 2, entersOneMoreOn: ['waiting'] },
      FenceAccount: { takes: 'paging', enters: 2 },
      PlanErasure: { takes: 'paging', enters: 2 },
      EraseRange: { takes: 'paging', enters: 2, entersOneMoreOn: ['done'] },
      ClearCaches: { takes: 'mailServers' },
      EraseAccountRows: { takes: 'paging', enters: 2, entersOneMoreOn: ['done'] },
      VerifyErasure: { takes: 'paging', enters: 2 },
      CertifyErasure: { takes: 'calls', enters: 2, entersOneMoreOn: ['certified'] },
      ReleaseAddress: { takes: 'calls', enters: 2 },
      RecordFailure: RECORD_FAILURE,
    },
    faults: 'recorded',
    operation: true,
    timeoutSeconds: DAY_SECONDS,
    started: true,
    shownSteps: [
      'Resolve account',
      'Disable user',
      'Kick sessions',
      'Wait for sessions',
      'Fence account',
      'Plan erasure',
      'Erase ranges',
      'Clear caches',
      'Erase account rows',
      'Settle',
      'Verify erasure',
      'Certify erasure',
      'Release address',
    ],
  },
  autoexpunge: {
    steps: {
      ResolveSweep: { takes: 'calls' },
      SweepDue: { takes: 'paging' },
      SweepAccounts: { takes: 'paging' },
      FinishSweep: { takes: 'calls' },
    },
    faults: 'gathered',
    operation: false,
    timeoutSeconds: DAY_SECONDS,
    started: true,
    alarm: {
      id: 'Autoexpunge',
      runbook: 'autoexpunge-could-not-sweep-everything',
      failed: ': some mailboxes were not swept',
    },
  },
  'purge-mailboxes': {
    steps: {
      ResolvePurge: { takes: 'calls', enters: 3 },
      PurgePart: { takes: 'paging', enters: 2, entersOneMoreOn: ['done', 'again'] },
      FinishPurge: { takes: 'calls', enters: 3 },
    },
    faults: 'gathered',
    operation: true,
    timeoutSeconds: DAY_SECONDS,
    started: true,
    shownSteps: ['Resolve purge', 'Purge parts', 'Finish purge'],
    alarm: { id: 'Purge', runbook: 'deleted-folders-could-not-be-purged', failed: REFUSED },
  },
  'expunge-messages': {
    ...BULK,
    steps: {
      ResolveBulk: RESOLVE_BULK,
      ExpungeMessages: bulkWorker('ExpungeByQuery'),
      RecordFailure: RECORD_FAILURE,
    },
    alarm: bulkAlarm('ExpungeMessages'),
  },
  'restore-messages': {
    ...BULK,
    steps: {
      ResolveBulk: RESOLVE_BULK,
      RestoreMessages: bulkWorker('RestoreByQuery'),
      RecordFailure: RECORD_FAILURE,
    },
    alarm: bulkAlarm('RestoreMessages'),
  },
  'hold-account': {
    ...HOLD,
    steps: {
      ResolveHold: RESOLVE_HOLD,
      ProtectMail: { takes: 'paging', enters: 2, entersOneMoreOn: ['settle', 'done'] },
      VerifyHold: { takes: 'paging', enters: 2, entersOneMoreOn: ['nextRound', 'done'] },
      RecordFailure: RECORD_FAILURE,
    },
    shownSteps: [HOLD_PHASES.protect, HOLD_PHASES.verify],
    alarm: {
      id: 'HoldAccount',
      runbook: 'a-hold-does-not-protect-everything',
      failed: ': some mail of a held account may not be protected',
    },
  },
  'release-hold': {
    ...HOLD,
    steps: {
      ResolveHold: RESOLVE_HOLD,
      RestartClocks: { takes: 'paging', enters: 2, entersOneMoreOn: ['done'] },
      RecordFailure: RECORD_FAILURE,
    },
    shownSteps: [HOLD_PHASES.restart],
    alarm: {
      id: 'ReleaseHold',
      runbook: 'a-hold-does-not-protect-everything',
      failed: ': mail that a hold has protected does not expire yet',
    },
  },
  'poll-backups': {
    steps: { RecordBackup: { takes: 'calls' } },
    faults: 'failed',
    operation: false,
    timeoutSeconds: 3600,
    started: false,
  },
} as const satisfies Readonly<Record<string, Machine>>;

/** Verbs, each the name of a machine. */
export type Verb = keyof typeof MACHINES;

/** Tokens of the steps of a machine. */
export type StepOf<V extends Verb> = V extends Verb ? keyof (typeof MACHINES)[V]['steps'] : never;

type VerbWith<T> = { [V in Verb]: (typeof MACHINES)[V] extends T ? V : never }[Verb];

/** Verbs whose executions work on operations. */
export type OperationVerb = VerbWith<{ readonly operation: true }>;

/** Verbs that are started, or looked at, by the API. */
export type StartedVerb = VerbWith<{ readonly started: true }>;

/** Verbs for more messages than one request takes. */
export type BulkVerb = VerbWith<{ readonly steps: { readonly ResolveBulk: Step } }>;

/** Verbs that place and release holds. */
export type HoldVerb = VerbWith<{ readonly steps: { readonly ResolveHold: Step } }>;

export const VERBS = Object.keys(MACHINES) as readonly Verb[];

export const OPERATION_VERBS = VERBS.filter(
  (verb): verb is OperationVerb => MACHINES[verb].operation,
);

export const STARTED_VERBS = VERBS.filter((verb): verb is StartedVerb => MACHINES[verb].started);

export const BULK_VERBS = VERBS.filter(
  (verb): verb is BulkVerb => 'ResolveBulk' in MACHINES[verb].steps,
);

export const HOLD_VERBS = VERBS.filter(
  (verb): verb is HoldVerb => 'ResolveHold' in MACHINES[verb].steps,
);

/** Whatever the verb, with the members that only some have. */
export const machineOf = (verb: Verb): Machine => MACHINES[verb];

/** `EraseRange` is the handler `erase-range`. */
export const handlerOf = (token: string): string =>
  token.replaceAll(/(?<=.)[A-Z]/g, '-$&').toLowerCase();

/** `delete-account` is the construct `DeleteAccount`. */
export const machineConstruct = (verb: Verb): string =>
  verb.replaceAll(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());

type Snake<T extends string> = T extends `${infer A}-${infer B}` ? `${A}_${Snake<B>}` : T;

export type MachineArnVariable = `LETHE_${Uppercase<Snake<StartedVerb>>}_STATE_MACHINE_ARN`;

/** The environment variable that tells a function the machine. */
export const machineArnVariable = (verb: StartedVerb): MachineArnVariable =>
  `LETHE_${verb.toUpperCase().replaceAll('-', '_') as Uppercase<Snake<StartedVerb>>}_STATE_MACHINE_ARN`;

/** The output of the stack: `DeleteAccountStateMachineArn`. */
export const machineArnOutput = (verb: StartedVerb): string =>
  `${machineConstruct(verb)}StateMachineArn`;
