/** Mail as it exists: well formed, and not. The same number gives the same bytes. */

const HEADERS: readonly ((number: number) => string)[] = [
  (number) => `Message-ID: <${number}@example.org>\r\nSubject: plain ${number}\r\n`,
  // No Message-ID, and bytes above 127 where RFC 5322 has none.
  (number) => `Subject: Gr\u00fc\u00dfe ${number}\r\nFrom: J\u00fcrgen <j@example.org>\r\n`,
  (number) => `Subject: =?utf-8?B?bm90IGJhc2U2NA?= ${number}\r\nSubject: twice\r\n`,
  (number) => `no colon in this line\r\nX-${'long'.repeat(300)}: ${number}\r\n`,
  (number) => `From: \r\nTo: undisclosed-recipients:;\r\nDate: yesterday ${number}\r\n`,
];

/** @param number also sets size and structure: every fifth has nested parts */
export function sampleMail(number: number): Buffer {
  const header = HEADERS[number % HEADERS.length]?.(number) ?? '';
  const text = `line ${number}\r\n`.repeat(1 + (number % 40));
  const body = number % 5 === 4 ? nested(number, text) : `\r\n${text}`;
  // Latin 1, so that what is above 127 is no valid UTF-8.
  return Buffer.from(header + body, 'latin1');
}

function nested(number: number, text: string): string {
  const inner = `--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner ${number}\r\n\r\n${text}\r\n--b--\r\n`;
  return `MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n${inner}\r\n--a--\r\n`;
}
