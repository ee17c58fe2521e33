/** Mailbox names as IMAP and Maildir++ write them: modified UTF-7 (RFC 3501, 5.1.3). */

const SHIFTED = /&([^-]*)-/g;
const BASE64 = /^[A-Za-z0-9+,]+$/;

/** The base64 alphabet has a comma for the slash, which separates levels in names. */
const toStandard = (text: string): string => text.replaceAll(',', '/');
const fromStandard = (text: string): string => text.replaceAll('/', ',').replace(/=+$/, '');

/**
 * Decodes strictly: what a correct writer cannot have written is refused, so that no two names
 * decode to one.
 * @returns undefined when the text is not modified UTF-7
 */
export function decodeModifiedUtf7(text: string): string | undefined {
  if (!/^[\x20-\x7e]*$/.test(text)) return undefined;
  let decoded = '';
  let at = 0;
  for (const match of text.matchAll(SHIFTED)) {
    const part = match[1] === '' ? '&' : decodeShifted(match[1] ?? '');
    if (part === undefined) return undefined;
    decoded += text.slice(at, match.index) + part;
    at = match.index + match[0].length;
  }
  const rest = text.slice(at);
  if (rest.includes('&')) return undefined;
  decoded += rest;
  return encodeModifiedUtf7(decoded) === text ? decoded : undefined;
}

function decodeShifted(base64: string): string | undefined {
  if (!BASE64.test(base64)) return undefined;
  const bytes = Buffer.from(toStandard(base64), 'base64');
  if (bytes.length % 2 !== 0) return undefined;
  // UTF-16, big end first; Buffer reads the little end first.
  const text = bytes.swap16().toString('utf16le');
  return text.isWellFormed() ? text : undefined;
}

/** Encodes a name: printable ASCII as it is, `&` as `&-`, the rest as base64 of UTF-16. */
export function encodeModifiedUtf7(text: string): string {
  return text.replace(/&|[^\x20-\x7e]+/g, (run) => {
    if (run === '&') return '&-';
    const bytes = Buffer.from(run, 'utf16le').swap16();
    return `&${fromStandard(bytes.toString('base64'))}-`;
  });
}
