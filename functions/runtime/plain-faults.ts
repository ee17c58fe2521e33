/** What of a fault may be shown wherever it is: in a log, on an operation (U7). */

const plain = new WeakSet<Error>();

/** Marks a fault whose message consists of our own words and names of our own: it may be shown. */
export function plainFault<E extends Error>(fault: E): E {
  plain.add(fault);
  return fault;
}

export const isPlain = (fault: Error): boolean => plain.has(fault);

/** Names of classes and of AWS's errors; anything else could be text of somebody's. */
const ERROR_NAME = /^[A-Za-z][A-Za-z.]{0,63}$/;

export const shownName = ({ name }: Error): string => (ERROR_NAME.test(name) ? name : 'Error');
