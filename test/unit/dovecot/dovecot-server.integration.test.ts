import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { findDovecot } from '../../dovecot/dovecot-installation.ts';
import { startDovecot } from '../../dovecot/dovecot-server.ts';
import { ImapClient } from '../../dovecot/imap-client.ts';

const { found, missing } = findDovecot();
const USER = 'john@example.com';

describe.skipIf(found === undefined)(
  `a real Dovecot${missing ? ` (skipped: ${missing})` : ''}`,
  () => {
    test('serves IMAP and doveadm, and leaves neither process nor file behind', async () => {
      if (found === undefined) throw new Error('not installed');
      const server = await startDovecot(found, { doveadmApiKey: 'key' });
      const home = server.home(USER);
      try {
        const imap = await ImapClient.connect(server.imapPort, USER, server.password);
        await imap.append('INBOX', [{ raw: Buffer.from('Subject: x\r\n\r\nx\r\n') }]);
        expect(server.doveadm('who')).toContain(USER);
        const answer = await fetch(`http://127.0.0.1:${server.doveadmPort}/doveadm/v1`, {
          headers: { authorization: `X-Dovecot-API ${Buffer.from('key').toString('base64')}` },
        });
        expect(answer.status).toBe(200);
        expect(existsSync(home)).toBe(true);
        await imap.logout();
        expect(imap.ended).toBe(true);
      } finally {
        await server.stop();
      }
      expect(existsSync(home)).toBe(false);
      await expect(ImapClient.connect(server.imapPort, USER, server.password)).rejects.toThrow();
    });
  },
);
