/**
 * Encodes and decodes payloads with a codec server over HTTP, like those that Temporal's UI and CLI use.
 * https://docs.temporal.io/codec-server
 * @module
 */
import type { Payload, PayloadCodec } from '@temporalio/common';
import { McpTasksError } from '../../task/errors.js';
import { bodyWith, payloadsIn } from './json-payloads.js';

/** The time limit for one request, in milliseconds. */
const DEADLINE = 1_500;

export interface RemoteCodecOptions {
  /** The URL without `/encode` and `/decode`. `{namespace}` in it is replaced by the namespace. */
  readonly endpoint: string;
  /** The value of the `Authorization` header. */
  readonly auth?: string | undefined;
  readonly namespace: string;
}

/**
 * Statuses of a busy or unavailable server, or of a proxy in front of it. The same request may succeed a little later,
 * whatever the payload.
 */
const TRANSIENT = new Set([408, 425, 429, 502, 503, 504]);
/**
 * Statuses from a server that cannot decode what it got, such as a payload encrypted with a key that it no longer has.
 */
const UNDECODABLE = new Set([400, 413, 422]);

/**
 * Creates the codec. Its methods throw `TEMPORAL_UNAVAILABLE` if the server is unavailable, `CODEC_FAILED` if it fails
 * on its input, `PAYLOAD_UNREADABLE` if it reports that it cannot decode the input, and `CONFIGURATION` if it refuses
 * the request or is not a codec server.
 * @throws McpTasksError `CONFIGURATION` if the options do not make a valid request
 */
export function remoteCodec({ endpoint, auth, namespace }: RemoteCodecOptions): PayloadCodec {
  const url = endpoint.replaceAll('{namespace}', encodeURIComponent(namespace)).replace(/\/$/, '');
  const headers = {
    'content-type': 'application/json',
    'x-namespace': namespace,
    ...(auth === undefined ? {} : { authorization: auth }),
  };
  check(url, headers);
  const post = async (what: 'encode' | 'decode', payloads: Payload[]): Promise<Payload[]> => {
    if (payloads.length === 0) return [];
    const body = bodyWith(payloads);
    const { status, ok, text } = await send(`${url}/${what}`, {
      method: 'POST',
      headers,
      body,
      signal: AbortSignal.timeout(DEADLINE),
    });
    if (TRANSIENT.has(status)) throw away(`is unavailable (HTTP ${status})`);
    if (status >= 500)
      throw new McpTasksError(
        'CODEC_FAILED',
        `The codec server failed (HTTP ${status}). The task is not affected; try again.`,
      );
    if (what === 'decode' && UNDECODABLE.has(status)) throw undecodable(status);
    if (!ok) throw refused(`it answered with HTTP ${status}`);
    const done = payloadsIn(text);
    if (!done) throw refused('its answer is not that of a codec server');
    if (done.length !== payloads.length) throw refused(`it returned ${done.length} payloads for ${payloads.length}`);
    return done;
  };
  return {
    encode: async (payloads) => await post('encode', payloads),
    decode: async (payloads) => await post('decode', payloads),
  };
}

/** Checks the URL and headers up front, because the error messages of `fetch` repeat invalid ones, secrets included. */
function check(url: string, headers: Readonly<Record<string, string>>): void {
  try {
    void new Request(url, { headers });
  } catch {
    throw new McpTasksError(
      'CONFIGURATION',
      'codec: `endpoint` must be a URL without user and password, and `auth` a valid HTTP header value',
    );
  }
}

async function send(url: string, request: RequestInit): Promise<{ status: number; ok: boolean; text: string }> {
  try {
    const response = await fetch(url, request);
    return { status: response.status, ok: response.ok, text: await response.text() };
  } catch (error) {
    throw away('did not answer', error);
  }
}

function away(how: string, cause?: unknown): McpTasksError {
  return new McpTasksError('TEMPORAL_UNAVAILABLE', `The codec server ${how}. The task is not affected; try again.`, {
    cause,
  });
}

function undecodable(status: number): McpTasksError {
  return new McpTasksError(
    'PAYLOAD_UNREADABLE',
    `The codec server cannot decode a payload (HTTP ${status}). Retrying won't help: its operator must give it every encoding and key that the workers use or used.`,
  );
}

function refused(why: string): McpTasksError {
  return new McpTasksError(
    'CONFIGURATION',
    `Cannot use the codec server: ${why}. Retrying won't help: an operator must correct the codec's \`endpoint\` or \`auth\`.`,
  );
}
