import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MailServer } from '../../functions/contract/mail-servers.ts';
import type { MailServers } from '../../functions/core/ports/mail-servers.ts';

/** The port with one server, and how a user connects to it. */
export interface TestedMailServers {
  readonly mailServers: MailServers;
  readonly server: MailServer;
  /** Opens a session that a kick ends. */
  connect(user: string): Promise<void>;
  stop(): Promise<void>;
}

/** What every `MailServers` must do. */
export function mailServersContract(name: string, make: () => Promise<TestedMailServers>): void {
  describe(`mail servers: ${name}`, () => {
    let tested: TestedMailServers | undefined;
    beforeAll(async () => {
      tested = await make();
    });
    afterAll(() => tested?.stop());
    const under = (): TestedMailServers => {
      if (tested === undefined) throw new Error('the mail servers were not made');
      return tested;
    };
    const sessionsOf = (user: string) => under().mailServers.sessions(under().server, user);

    test('U1: a user who is not connected has no session, and kicking is fine', async () => {
      const { mailServers, server } = under();
      expect(await sessionsOf('nobody@example.org')).toBe(0);
      await mailServers.kick(server, 'nobody@example.org');
      expect(await sessionsOf('nobody@example.org')).toBe(0);
    });

    test('U1: every session of the user is counted and ended, nobody else’s', async () => {
      const { mailServers, server, connect } = under();
      for (const user of ['a@x.co', 'a@x.co', 'a@x.com']) await connect(user);
      expect(await sessionsOf('a@x.co')).toBe(2);
      await mailServers.kick(server, 'a@x.co');
      await expect.poll(() => sessionsOf('a@x.co'), { timeout: 10_000 }).toBe(0);
      expect(await sessionsOf('a@x.com')).toBe(1);
      await connect('a@x.co');
      expect(await sessionsOf('a@x.co')).toBe(1);
    });

    test.each(['*', 'a@x.*', '?@x.com', ''])(
      'O2: the name %j would name others: refused, and nobody is kicked',
      async (user) => {
        const { mailServers, server, connect } = under();
        await connect('b@x.com');
        for (const call of ['sessions', 'kick', 'removeCaches'] as const) {
          const refusal = { name: 'InvalidInputError', problems: [{ field: 'user' }] };
          await expect(mailServers[call](server, user)).rejects.toMatchObject(refusal);
        }
        expect(await sessionsOf('b@x.com')).toBeGreaterThan(0);
      },
    );

    test('says what it offers', async () => {
      const { mailServers, server } = under();
      expect(await mailServers.commands(server)).toEqual(expect.arrayContaining(['kick', 'who']));
    });

    test('U3: without a command for caches it says so', async () => {
      const { mailServers, server } = under();
      expect(await mailServers.removeCaches(server, 'a@x.co')).toBe('notOffered');
    });
  });
}
