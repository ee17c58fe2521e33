/** Mail addresses as Lethe accepts them. */
import { isIPv4 } from 'node:net';
import { domainToASCII } from 'node:url';
import { ADDRESS_BYTES } from '../../contract/limits.ts';
import { InvalidInputError, quoted } from '../errors.ts';

/**
 * Local part and domain without spaces, controls or anything that is a wildcard in doveadm
 * (`*` and `?` would name other users), a separator in a path, or an escape in a URL: gateways
 * differ in how often they decode a percent sign, so an address with one could name two accounts.
 */
const LOCAL_PART = /^[^\s\p{C}*?%/\\"<>()[\],:;@]+$/u;
/** Letters, digits and hyphens; vowel signs and other marks may end a label but not begin one. */
const DOMAIN =
  /^(?=.{1,255}$)[\p{L}\p{N}]([\p{L}\p{N}\p{M}-]*[\p{L}\p{N}\p{M}])?(\.[\p{L}\p{N}]([\p{L}\p{N}\p{M}-]*[\p{L}\p{N}\p{M}])?)*$/u;

/**
 * Checks an address and brings it into the one form in which it is stored, so that one mailbox
 * never has two accounts: lower case, as Dovecot's `auth_username_format = %Lu` does, NFC (again
 * after lower-casing, which can leave pairs that compose), and a domain in ASCII (`xn--`), as DNS
 * compares it (RFC 5891).
 * @param field name of the input, for the message
 * @throws InvalidInputError
 */
export function parseAddress(field: string, value: unknown): string {
  if (typeof value !== 'string') {
    throw InvalidInputError.of(field, `got ${quoted(value)}, allowed is an address as text`);
  }
  const folded = value.normalize('NFC').toLowerCase().normalize('NFC');
  const at = folded.lastIndexOf('@');
  const local = folded.slice(0, at);
  const domain = asciiDomain(folded.slice(at + 1));
  if (at < 1 || !LOCAL_PART.test(local) || domain === undefined) {
    throw InvalidInputError.of(
      field,
      `got ${quoted(value)}, allowed is local-part@domain without spaces, wildcards (* ?) and any of % / \\ " < > ( ) [ ] , : ;`,
    );
  }
  const address = `${local}@${domain}`;
  if (Buffer.byteLength(address) > ADDRESS_BYTES) {
    throw InvalidInputError.of(field, `longer than the ${ADDRESS_BYTES} bytes allowed`);
  }
  return address;
}

/** Numbers that a URL would read as an IPv4 address are no domain names. */
function asciiDomain(given: string): string | undefined {
  const domain = DOMAIN.test(given) ? domainToASCII(given) : '';
  return DOMAIN.test(domain) && !isIPv4(domain) ? domain : undefined;
}

export const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1);

/**
 * Checks a domain and brings it into the form that addresses have it in.
 * @throws InvalidInputError naming the field
 */
export function parseDomain(field: string, value: unknown): string {
  const folded = typeof value === 'string' ? value.normalize('NFC').toLowerCase() : '';
  const domain = asciiDomain(folded.normalize('NFC'));
  if (domain !== undefined) return domain;
  throw InvalidInputError.of(field, `got ${quoted(value)}, allowed is a domain name`);
}
