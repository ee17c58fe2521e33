/** The few commands of IMAP (RFC 9051) by which tests fill and read a real server. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface Append {
  readonly raw: Uint8Array;
  readonly flags?: readonly string[];
  readonly internalDate?: Date;
}

const CRLF = '\r\n';
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

export class ImapClient {
  readonly #socket: Socket;
  #received = '';
  #tags = 0;
  #ended = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.#received += text;
      this.#wake();
    });
    socket.on('close', () => {
      this.#ended = true;
      this.#wake();
    });
    // The end is told by 'close'; without a listener an error would end the process.
    socket.on('error', () => {});
  }

  static async connect(port: number, user: string, password: string): Promise<ImapClient> {
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    const client = new ImapClient(socket);
    await client.command(`LOGIN ${quote(user)} ${quote(password)}`);
    return client;
  }

  /** Whether the server has closed the connection. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Sends a command, literals (`{n+}`) as byte strings among its text; answers the untagged lines.
   * @throws Error when the server refuses it or hangs up
   */
  async command(...parts: readonly (string | Uint8Array)[]): Promise<string[]> {
    this.#tags += 1;
    const tag = `t${this.#tags}`;
    const bytes = parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part));
    this.#socket.write(Buffer.concat([Buffer.from(`${tag} `), ...bytes, Buffer.from(CRLF)]));
    const end = new RegExp(`^${tag} (OK|NO|BAD)[^\r\n]*\r\n`, 'm');
    let match = end.exec(this.#received);
    while (match === null) {
      if (this.#ended) throw new Error(`the server hung up before ${tag} was answered`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      match = end.exec(this.#received);
    }
    const answer = this.#received.slice(0, match.index);
    this.#received = this.#received.slice(match.index + match[0].length);
    if (match[1] !== 'OK') throw new Error(`${String(parts[0]).slice(0, 80)}: ${match[0].trim()}`);
    return answer.split(CRLF).filter((line) => line !== '');
  }

  async create(mailbox: string): Promise<void> {
    await this.command(`CREATE ${quote(mailbox)}`);
  }

  async subscribe(mailbox: string): Promise<void> {
    await this.command(`SUBSCRIBE ${quote(mailbox)}`);
  }

  async select(mailbox: string): Promise<void> {
    await this.command(`SELECT ${quote(mailbox)}`);
  }

  /** Appends messages in one command (MULTIAPPEND, RFC 3502, with LITERAL+). */
  async append(mailbox: string, messages: readonly Append[]): Promise<void> {
    const parts: (string | Uint8Array)[] = [`APPEND ${quote(mailbox)}`];
    for (const { raw, flags = [], internalDate } of messages) {
      const date = internalDate === undefined ? '' : ` ${dateTime(internalDate)}`;
      parts.push(` (${flags.join(' ')})${date} {${raw.length}+}${CRLF}`, raw);
    }
    await this.command(...parts);
  }

  /** @param set UIDs, for instance `1:5,9` */
  async store(set: string, change: string): Promise<void> {
    await this.command(`UID STORE ${set} ${change}`);
  }

  /** Marks messages of the selected mailbox as deleted and expunges them. */
  async expunge(set: string): Promise<void> {
    await this.store(set, '+FLAGS.SILENT (\\Deleted)');
    await this.command('EXPUNGE');
  }

  async logout(): Promise<void> {
    await this.command('LOGOUT').catch(() => {});
    if (!this.#socket.closed) {
      const closed = once(this.#socket, 'close');
      this.#socket.destroy();
      await closed;
    }
  }
}

/** Names are given as they go over the wire: in modified UTF-7. */
const quote = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;

function dateTime(date: Date): string {
  const day = String(date.getUTCDate()).padStart(2, ' ');
  const time = date.toISOString().slice(11, 19);
  return `"${day}-${MONTHS[date.getUTCMonth()]}-${date.getUTCFullYear()} ${time} +0000"`;
}
