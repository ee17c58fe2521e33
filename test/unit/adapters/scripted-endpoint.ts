/** An HTTP server that answers as a test says, for answers that no emulator gives on demand. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ScriptedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** Answers one request; the number of the request begins at 0. */
export type Script = (request: ScriptedRequest, number: number, response: ServerResponse) => void;

export interface ScriptedEndpoint {
  readonly endpoint: string;
  readonly requests: readonly ScriptedRequest[];
  stop(): Promise<void>;
}

export async function startScriptedEndpoint(script: Script): Promise<ScriptedEndpoint> {
  const requests: ScriptedRequest[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const request = {
        method: incoming.method ?? '',
        url: incoming.url ?? '',
        headers: incoming.headers,
        body: Buffer.concat(chunks),
      };
      requests.push(request);
      script(request, requests.length - 1, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { endpoint: `http://127.0.0.1:${port}`, requests, stop: () => stopped(server) };
}

function stopped(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

/** An answer of the JSON services. */
export function json(response: ServerResponse, body: object, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
  response.end(JSON.stringify(body));
}

/** A fault of the JSON services. */
export function fault(
  response: ServerResponse,
  type: string,
  more: object = {},
  status = 400,
): void {
  json(
    response,
    { __type: `com.amazonaws#${type}`, message: `${type}, as scripted`, ...more },
    status,
  );
}

/** A fault of S3. */
export function s3Fault(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<Error><Code>${code}</Code><Message>${code}, as scripted</Message></Error>`);
}

/** The body of a request to one of the JSON services. */
export const bodyOf = (request: ScriptedRequest | undefined): Record<string, unknown> =>
  JSON.parse(String(request?.body)) as Record<string, unknown>;
