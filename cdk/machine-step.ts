/** The function behind a step of a machine that walks over many accounts. */
import type { Construct } from 'constructs';
import { NodeFunction } from './constructs/node-function.ts';
import type { ServiceStackProps } from './service-props.ts';

export interface MachineStep {
  /** Verb of the machine, for instance `autoexpunge`. */
  readonly verb: string;
  readonly id: string;
  /** Of the handler. */
  readonly name: string;
  readonly timeoutSeconds: number;
}

export function addMachineStep(
  scope: Construct,
  { code, settings }: ServiceStackProps,
  { verb, id, name, timeoutSeconds }: MachineStep,
): NodeFunction {
  const description = `Step of ${verb}: ${name}`;
  return new NodeFunction(scope, id, { code: code(name), description, timeoutSeconds, settings });
}
