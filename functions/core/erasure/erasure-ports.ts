/** What the steps of an erasure share. */
import type { Ports } from '../ports/ports.ts';

/** Ports of steps that touch rows and objects, and of those that touch rows only. */
export type ErasurePorts = Pick<Ports, 'rows' | 'objects' | 'clock'>;
export type RowPorts = Pick<Ports, 'rows' | 'clock'>;

/** What was fixed at deployment. */
export interface ErasureSettings {
  /** Every class that was ever deployed: keys of retired classes are erased too. */
  readonly classes: readonly string[];
  /** Memory of a function, for estimates. */
  readonly memoryMb: number;
}

/** Epoch milliseconds at which a step should answer `again` rather than begin more work. */
export type Until = number;

/** A row that must be there; a missing one is a fault, never a reason to go on (W5). */
export function requirePart<T>(part: T | undefined, what: string): T {
  if (part === undefined) throw new Error(`the ${what} is missing`);
  return part;
}
