/** Numbers, sizes and foreign text as people read them on a terminal. */

const UNITS = ['kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** 1234567 as `1,234,567`. */
export const count = (value: number): string => value.toLocaleString('en-US');

/** `1 message`, `2 messages`. */
export const counted = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;

/** Bytes in powers of 1,000, as disks and bills count them: `12.3 MB`. */
export function size(sizeBytes: number): string {
  if (sizeBytes < 1000) return counted(sizeBytes, 'byte');
  let value = sizeBytes;
  let unit = '';
  for (const next of UNITS) {
    // 999,950 would be shown as 1000.0 kB.
    if (value < 999.95) break;
    value /= 1000;
    unit = next;
  }
  return `${value.toFixed(1)} ${unit}`;
}

/** Small amounts to a ten-thousandth of a cent: `$0.012300`. */
export const dollars = (amount: number): string => `$${amount.toFixed(6)}`;

/** `objectVersions` as `object versions`. */
export const words = (name: string): string =>
  name.replace(/[A-Z]/g, (capital) => ` ${capital.toLowerCase()}`);

const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * Makes text from mail or from a server safe to show: control and format characters could move
 * the cursor, change colours or turn the direction of writing, so they are shown as escapes.
 */
export function safe(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u{${code.toString(16)}}`;
  });
}

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
const COMBINING = /^\p{M}$/u;

const widthOf = (character: string): number =>
  COMBINING.test(character) ? 0 : WIDE.test(character) ? 2 : 1;

/** Columns that text takes: two for Chinese, Japanese, Korean and emoji, none for accents. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += widthOf(character);
  return columns;
}

/** Cuts text to so many columns, with an ellipsis where something was left out. */
export function shorten(text: string, columnsMax: number): string {
  if (columnsOf(text) <= columnsMax) return text;
  let kept = '';
  let columns = 1;
  for (const character of text) {
    columns += widthOf(character);
    if (columns > columnsMax) break;
    kept += character;
  }
  return `${kept}…`;
}

/** Breaks text between words into lines of so many columns; a longer word has a line of its own. */
export function wrapWords(text: string, columnsMax: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && columnsOf(longer) > columnsMax) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}

/** `2026-11-22T12:00:59.123Z` as `2026-11-22 12:00`. */
export const shortTime = (time: string): string => time.slice(0, 16).replace('T', ' ');

/** The day of it, where there is no room for more. */
export const shortDate = (time: string): string => time.slice(0, 10);

/** `05:07`, `1:02:03`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) =>
    String(part).padStart(2, '0'),
  );
  const hours = Math.floor(seconds / 3600);
  return hours === 0 ? parts.join(':') : `${hours}:${parts.join(':')}`;
}
