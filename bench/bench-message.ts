/** A message as any: some 300 bytes of headers, and text. */
export const benchMessage = (subject: string, text: string): Uint8Array =>
  Buffer.from(
    [
      'From: Anna Example <anna@example.org>',
      'To: Bert Example <bert@example.com>',
      `Subject: ${subject}`,
      'Date: Sun, 22 Nov 2026 12:00:00 +0000',
      `Message-ID: <${subject.replaceAll(' ', '.')}@mail.example.org>`,
      '',
      text,
    ].join('\r\n'),
  );
