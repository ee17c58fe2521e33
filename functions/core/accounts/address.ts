/** Mail addresses as Lethe accepts them. */
import { ADDRESS_BYTES } from '../../contract/limits.ts';
import { InvalidInputError, quoted } from '../errors.ts';

/**
 * Local part and domain without spaces, controls or anything that is a wildcard in doveadm
 * (`*` and `?` would name other users), a separator in a path, or an escape in a URL: gateways
 * differ in how often they decode a percent sign, so an address with one could name two accounts.
 */
const LOCAL_PART = /^[^\s\p{C}*?%/\\"<>()[\],:;@]+$/u;
const DOMAIN =
  /^(?=.{1,255}$)[\p{L}\p{N}]([\p{L}\p{N}-]*[\p{L}\p{N}])?(\.[\p{L}\p{N}]([\p{L}\p{N}-]*[\p{L}\p{N}])?)*$/u;

/**
 * Checks an address and brings it into the one form in which it is stored: NFC, lower case, as
 * Dovecot's `auth_username_format = %Lu` does, so that one mailbox never has two accounts.
 * @param field name of the input, for the message
 * @throws InvalidInputError
 */
export function parseAddress(field: string, value: unknown): string {
  if (typeof value !== 'string') {
    throw InvalidInputError.of(field, `got ${quoted(value)}, allowed is an address as text`);
  }
  const address = value.normalize('NFC').toLowerCase();
  const at = address.lastIndexOf('@');
  const local = address.slice(0, at);
  const domain = address.slice(at + 1);
  if (at < 1 || !LOCAL_PART.test(local) || !DOMAIN.test(domain)) {
    throw InvalidInputError.of(
      field,
      `got ${quoted(value)}, allowed is local-part@domain without spaces, wildcards (* ?) and any of % / \\ " < > ( ) [ ] , : ;`,
    );
  }
  if (Buffer.byteLength(address) > ADDRESS_BYTES) {
    throw InvalidInputError.of(field, `longer than the ${ADDRESS_BYTES} bytes allowed`);
  }
  return address;
}

export const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1);
