/** Structured logs. Ids, counts and error names only: never an address, mail content or secret. */
import { Logger } from '@aws-lambda-powertools/logger';
import { LetheError, PermissionMissingError } from '../core/errors.ts';
import { isPlain, shownName } from './plain-faults.ts';

const logger = new Logger({ serviceName: 'lethe' });

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export function logInfo(message: string, fields: LogFields): void {
  logger.info(message, { ...fields });
}

/** Shown only where the level of the log is lowered to DEBUG. */
export function logDebug(message: string, fields: LogFields): void {
  logger.debug(message, { ...fields });
}

/**
 * The stack tells where; the message of a typed error may quote input, so its name must do. Of other
 * faults it is shown without what it quotes. What
 * AWS says of a missing permission quotes ARNs only, and names the role and the action to give.
 */
export function logFault(message: string, fault: unknown, fields: LogFields): void {
  const error = fault instanceof Error ? fault : new Error(String(fault));
  logger.error(message, {
    ...fields,
    ...causeOf(error),
    error: shownName(error),
    stack: frames(error),
  });
}

function causeOf(error: Error): LogFields {
  if (!(error instanceof LetheError)) {
    return { cause: isPlain(error) ? error.message : withoutQuotes(error.message) };
  }
  const { cause } = error;
  if (!(error instanceof PermissionMissingError && cause instanceof Error)) return {};
  return { cause: cause.message };
}

/** A parser quotes what it was given, and an address can stand in any message. */
const withoutQuotes = (message: string): string =>
  message.replace(/(["'`]).*(\1|$)/gs, '$1...$1').replace(/\S*@\S*/g, '...');

/** What follows the message: a message of several lines could look like a frame. */
function frames(error: Error): string {
  const stack = error.stack ?? '';
  const at = stack.indexOf(error.message);
  return (at < 0 ? stack : stack.slice(at + error.message.length))
    .split('\n')
    .filter((line) => line.trimStart().startsWith('at '))
    .join('\n');
}
