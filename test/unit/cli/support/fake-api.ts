/** An HTTP server that answers what a test tells it to, and remembers what it was asked. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
  readonly method: string;
  /** As it came over the wire, with its query. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly bytes: Buffer;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text and bytes as they are, anything else as JSON. */
  readonly body?: unknown;
  /** Closes the connection instead of answering. */
  readonly hangUp?: boolean;
}

type Responder = (request: SeenRequest) => Reply | Promise<Reply>;

export interface FakeApi {
  readonly url: string;
  readonly requests: SeenRequest[];
  /**
   * @param route method and escaped path, for instance `GET /v1/operations/abc`
   * @param replies one after the other; the last is repeated
   */
  on(route: string, ...replies: (Reply | Responder)[]): void;
  /** Answers what no route answers. */
  otherwise(responder: Responder): void;
  close(): Promise<void>;
  /** Listens again, at the same address. */
  reopen(): Promise<void>;
}

/** @param basePath what the API's address has before `/v1` */
export async function startFakeApi(basePath = ''): Promise<FakeApi> {
  const routes = new Map<string, (Reply | Responder)[]>();
  const requests: SeenRequest[] = [];
  let otherwise: Responder = (request) =>
    problemReply('urn:lethe:not-found', 404, `no route for ${request.target}`);
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', async () => {
      const { method = '', url = '', headers } = incoming;
      const bytes = Buffer.concat(chunks);
      const request = { method, target: url, headers, body: bytes.toString(), bytes };
      requests.push(request);
      const [path = ''] = url.slice(basePath.length).split('?');
      const reply = await nextReply(routes.get(`${method} ${path}`), request, otherwise);
      if (reply.hangUp) {
        incoming.socket.destroy();
        return;
      }
      const { body, status = 200 } = reply;
      const raw = typeof body === 'string' || Buffer.isBuffer(body);
      outgoing.writeHead(status, { 'content-type': 'application/json', ...reply.headers });
      outgoing.end(raw ? body : JSON.stringify(body ?? {}));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${basePath}`,
    requests,
    otherwise: (responder) => {
      otherwise = responder;
    },
    on: (route, ...replies) => void routes.set(route, [...replies]),
    reopen: () => new Promise((resolve) => server.listen(port, '127.0.0.1', resolve)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function nextReply(
  replies: (Reply | Responder)[] | undefined,
  request: SeenRequest,
  otherwise: Responder,
): Reply | Promise<Reply> {
  const reply = replies !== undefined && replies.length > 1 ? replies.shift() : replies?.[0];
  if (typeof reply === 'function') return reply(request);
  return reply ?? otherwise(request);
}

export function problemReply(
  type: string,
  status: number,
  detail: string,
  more: Readonly<Record<string, unknown>> = {},
): Reply {
  return {
    status,
    headers: { 'content-type': 'application/problem+json' },
    body: { type, status, title: type, detail, ...more },
  };
}
