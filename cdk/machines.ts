/** The state machines of the register: their functions, definitions, numbers and schedules. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Construct } from 'constructs';
import { PURGE_WORKERS } from '../functions/contract/limits.ts';
import {
  handlerOf,
  machineConstruct,
  machineOf,
  type Step,
  type StepOf,
  VERBS,
  type Verb,
} from '../functions/contract/machines.ts';
import { AslStateMachine } from './constructs/asl-state-machine.ts';
import { NodeFunction } from './constructs/node-function.ts';
import {
  MAIL_SERVER_STEP_TIMEOUT_SECONDS,
  PAGING_STEP_TIMEOUT_SECONDS,
  STEP_TIMEOUT_SECONDS,
} from './function-timeouts.ts';
import { SWEEP_GRANTS } from './grants/autoexpunge.ts';
import { BULK_GRANTS } from './grants/bulk.ts';
import { DELETION_GRANTS } from './grants/delete-account.ts';
import type { Grant } from './grants/grant.ts';
import { HOLD_GRANTS } from './grants/holds.ts';
import { PURGE_GRANTS } from './grants/purge-mailboxes.ts';
import { bindMailServers, mailServerFiles } from './mail-servers.ts';
import { startOnSchedule } from './schedule.ts';
import type { ServiceStackProps } from './service-props.ts';
import type { Settings } from './settings.ts';

/** Where definitions of state machines are. */
export const STATE_MACHINES_DIRECTORY = fileURLToPath(
  new URL('../statemachines/', import.meta.url),
);

/** Machines of every deployment; poll-backups comes with the gate of AWS Backup. */
type DeployedVerb = Exclude<Verb, 'poll-backups'>;

export type Machines = Readonly<Record<DeployedVerb, AslStateMachine>>;

/** Functions by the tokens of the definitions. */
export type StepFunctions = Readonly<Record<StepOf<DeployedVerb>, NodeFunction>>;

const GRANTS: Readonly<Record<StepOf<DeployedVerb>, Grant>> = {
  ...DELETION_GRANTS,
  ...SWEEP_GRANTS,
  ...PURGE_GRANTS,
  ...BULK_GRANTS,
  ...HOLD_GRANTS,
};

const TIMEOUT_SECONDS: Readonly<Record<Step['takes'], number>> = {
  calls: STEP_TIMEOUT_SECONDS,
  mailServers: MAIL_SERVER_STEP_TIMEOUT_SECONDS,
  paging: PAGING_STEP_TIMEOUT_SECONDS,
};

/** `a, b and c` */
const LIST = new Intl.ListFormat('en-GB');

interface Deployment {
  /** By the names of the tokens that stand for numbers. */
  readonly numbers?: Readonly<Record<string, number>>;
  readonly schedule?: { readonly description: string; readonly expression: string };
}

/** What settings decide about machines; nothing about those that are not here. */
const deploymentsOf = (settings: Settings): Readonly<Partial<Record<Verb, Deployment>>> => ({
  'delete-account': { numbers: { EraseRangesMaxConcurrency: settings.erasureMaxConcurrency } },
  autoexpunge: {
    numbers: { SweepMaxConcurrency: settings.autoexpungeMaxConcurrency },
    schedule: {
      description: 'Starts autoexpunge for whatever is due',
      expression: settings.autoexpungeSchedule,
    },
  },
  'purge-mailboxes': {
    numbers: { PurgeMaxConcurrency: PURGE_WORKERS },
    schedule: {
      description: 'Starts purge-mailboxes for deleted folders that are old enough',
      expression: settings.purgeMailboxesSchedule,
    },
  },
});

/** Creates every machine of the register but poll-backups, with a function for each step. */
export function addMachines(
  scope: Construct,
  props: ServiceStackProps,
): { readonly machines: Machines; readonly steps: StepFunctions } {
  const steps: Record<string, NodeFunction> = {};
  const verbs = VERBS.filter((verb): verb is DeployedVerb => verb !== 'poll-backups');
  const machines = verbs.map((verb) => {
    for (const token of Object.keys(machineOf(verb).steps) as StepOf<DeployedVerb>[]) {
      // Machines that share a step share its function.
      steps[token] ??= addGrantedStep(scope, props, verb, token);
    }
    return [verb, addMachine(scope, props, verb, steps)] as const;
  });
  return {
    machines: Object.fromEntries(machines) as unknown as Machines,
    steps: steps as StepFunctions,
  };
}

/**
 * Creates the machine of a verb, and the rule that starts it where it has a schedule.
 * @param functions by token: those of its steps, and maybe others
 */
export function addMachine(
  scope: Construct,
  props: Pick<ServiceStackProps, 'settings'>,
  verb: Verb,
  functions: Readonly<Record<string, NodeFunction>>,
): AslStateMachine {
  const { settings } = props;
  const tokens = Object.keys(machineOf(verb).steps);
  const { numbers = {}, schedule } = deploymentsOf(settings)[verb] ?? {};
  const id = machineConstruct(verb);
  const machine = new AslStateMachine(scope, id, {
    definitionFile: join(STATE_MACHINES_DIRECTORY, `${verb}.asl.json`),
    functions: Object.fromEntries(
      Object.entries(functions).filter(([token]) => tokens.includes(token)),
    ),
    numbers,
    settings,
  });
  if (schedule !== undefined) startOnSchedule(scope, machine, { id: `${id}Rule`, ...schedule });
  return machine;
}

/** The function behind a step, with its grants. */
function addGrantedStep(
  scope: Construct,
  props: ServiceStackProps,
  verb: DeployedVerb,
  token: StepOf<DeployedVerb>,
): NodeFunction {
  const { code, settings } = props;
  const step = machineOf(verb).steps[token];
  if (step === undefined) throw new Error(`${verb} has no step ${token}`);
  const handler = handlerOf(token);
  const talks = step.takes === 'mailServers';
  const users = VERBS.filter((one) => token in machineOf(one).steps);
  const result = new NodeFunction(scope, step.construct ?? token, {
    code: code(handler, talks ? mailServerFiles(settings) : {}),
    description: `Step of ${LIST.format(users)}: ${step.does ?? handler}`,
    timeoutSeconds: TIMEOUT_SECONDS[step.takes],
    settings,
  });
  GRANTS[token](result, props);
  if (talks) bindMailServers(result, settings);
  return result;
}
