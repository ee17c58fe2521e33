/**
 * What can go wrong with a mail server. Messages name the server, never the user or the secret;
 * `next` says what an operator can do, as `lethe doctor` shows it.
 */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import type { MailServer } from '../../contract/mail-servers.ts';
import { LetheError } from '../errors.ts';

const RESUME = 'then resume the operation';

export const MAIL_SERVER_NEXT: Readonly<Record<string, string>> = {
  [ERROR_NAMES.mailServerAuth]: `Put the doveadm_api_key of that server into the secret, ${RESUME}.`,
  [ERROR_NAMES.mailServerUnreachable]: `Check name, port, route, security groups and certificate with "lethe doctor", ${RESUME}.`,
  [ERROR_NAMES.mailServerTimeout]: `Check that server and the way to it with "lethe doctor", ${RESUME}.`,
  [ERROR_NAMES.mailServerRefused]: `Check with "lethe doctor" that doveadm listens there over HTTP and offers "kick" and "who", ${RESUME}.`,
  [ERROR_NAMES.mailServerSecret]: `Check that the secret exists and holds the API key, and that the VPC reaches Secrets Manager, ${RESUME}.`,
  [ERROR_NAMES.sessionsLeft]: `Nothing was erased. End the sessions there, ${RESUME}.`,
};

type MailServerErrorName = Extract<
  (typeof ERROR_NAMES)[keyof typeof ERROR_NAMES],
  `MailServer${string}`
>;

/** One of the errors `MailServer...Error`, told apart by `name`. */
export class MailServerError extends LetheError {
  constructor(name: MailServerErrorName, message: string, options?: ErrorOptions) {
    super(name, message, MAIL_SERVER_NEXT[name] ?? '', options);
  }
}

/** The API key is wrong: no use in trying again. */
export const wrongSecret = ({ url }: MailServer): MailServerError =>
  new MailServerError(ERROR_NAMES.mailServerAuth, `${url} refuses the API key`);

export const unreachable = ({ url }: MailServer, why: string, cause?: unknown): MailServerError =>
  new MailServerError(ERROR_NAMES.mailServerUnreachable, `${url} cannot be reached: ${why}`, {
    cause,
  });

export const timedOut = ({ url }: MailServer, seconds: number): MailServerError =>
  new MailServerError(
    ERROR_NAMES.mailServerTimeout,
    `${url} did not answer within ${seconds} seconds`,
  );

export const serverRefused = ({ url }: MailServer, why: string, cause?: unknown): MailServerError =>
  new MailServerError(ERROR_NAMES.mailServerRefused, `${url}: ${why}`, { cause });

export const secretUnreadable = (why: string, cause?: unknown): MailServerError =>
  new MailServerError(
    ERROR_NAMES.mailServerSecret,
    `the API key of the mail servers cannot be read: ${why}`,
    { cause },
  );

/** Errors that may pass by themselves within seconds. */
export const mayPass = (error: unknown): boolean =>
  error instanceof MailServerError &&
  (error.name === ERROR_NAMES.mailServerUnreachable ||
    error.name === ERROR_NAMES.mailServerTimeout);
