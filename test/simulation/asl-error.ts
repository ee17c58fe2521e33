/** A machine that uses what the interpreter does not know, or that AWS would refuse. */
export class DefinitionError extends Error {
  override readonly name = 'DefinitionError';
}

/** The interpreter's own bound: a machine that loops for ever is a bug of the test or the machine. */
export class TransitionLimitError extends Error {
  override readonly name = 'TransitionLimitError';
}

/**
 * An error of a state, as Retry and Catch see it. `terminal` ones (the execution timed out, a
 * sibling failed the map) are matched by nothing.
 */
export class StatesError extends Error {
  override readonly name = 'StatesError';
  readonly error: string;
  readonly reason: string;
  readonly terminal: boolean;

  constructor(error: string, reason: string, terminal = false) {
    super(`${error}: ${reason}`);
    this.error = error;
    this.reason = reason;
    this.terminal = terminal;
  }
}

/**
 * What AWS calls a failure of paths, templates and intrinsic functions. Its developer guide
 * reserves States.ParameterPathFailure, States.NoChoiceMatched and States.IntrinsicFailure "for
 * future use" and reports States.Runtime, which no Retry and no Catch matches.
 */
export function runtimeError(reason: string): StatesError {
  return new StatesError('States.Runtime', reason);
}
