/**
 * A codec server: encodes and decodes payloads by HTTP, as those that Temporal's UI and CLI use.
 * https://docs.temporal.io/codec-server
 * @module
 */
import type { Payload, PayloadCodec } from '@temporalio/common';
import { z } from 'zod';
import { McpTasksError } from '../../task/errors.js';

/** For one request, in milliseconds. */
const DEADLINE = 1_500;

const base64 = z.string().transform((text) => new Uint8Array(Buffer.from(text, 'base64')));
const Answer = z.object({
  payloads: z.array(z.object({ metadata: z.record(z.string(), base64).optional(), data: base64.optional() })),
});

export interface RemoteCodecOptions {
  /** Without `/encode` and `/decode`; `{namespace}` in it is the namespace. */
  readonly endpoint: string;
  /** The `Authorization` header. */
  readonly auth?: string | undefined;
  readonly namespace: string;
}

/** Statuses of a server that is busy or away, or of a proxy that says so of it: it may well do it a little later, whatever the payload. */
const PASSING = new Set([408, 425, 429, 502, 503, 504]);
/** Statuses of a server that cannot decode what it was given, such as a payload under a key that it no longer has. */
const UNDECODABLE = new Set([400, 413, 422]);

/**
 * Its methods throw `TEMPORAL_UNAVAILABLE` where the server is away, `CODEC_FAILED` where it fails at what it was given,
 * `PAYLOAD_UNREADABLE` where it says that it cannot decode that, `CONFIGURATION` where it refuses or is none.
 * @throws McpTasksError `CONFIGURATION` if no request can be made of the options
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
    const body = JSON.stringify({ payloads: payloads.map(toJson) });
    const { status, ok, text } = await answer(`${url}/${what}`, {
      method: 'POST',
      headers,
      body,
      signal: AbortSignal.timeout(DEADLINE),
    });
    if (PASSING.has(status)) throw away(`is busy or away (HTTP ${status})`);
    if (status >= 500)
      throw new McpTasksError(
        'CODEC_FAILED',
        `the codec server failed (HTTP ${status}); the task is not affected, try again`,
      );
    if (what === 'decode' && UNDECODABLE.has(status)) throw undecodable(status);
    if (!ok) throw refused(`it answered with HTTP ${status}`);
    const answered = Answer.safeParse(json(text));
    if (!answered.success) throw refused('it did not answer as a codec server does');
    const done = answered.data.payloads;
    if (done.length !== payloads.length) throw refused(`it answered ${payloads.length} payloads with ${done.length}`);
    return done.map(({ metadata, data }) => ({ metadata: metadata ?? null, data: data ?? null }));
  };
  return {
    encode: async (payloads) => await post('encode', payloads),
    decode: async (payloads) => await post('decode', payloads),
  };
}

/** What `fetch` says of a wrong URL or header has it in it, secrets included. */
function check(url: string, headers: Readonly<Record<string, string>>): void {
  try {
    void new Request(url, { headers });
  } catch {
    throw new McpTasksError(
      'CONFIGURATION',
      'codec: `endpoint` has to be a URL without user and password, and `auth` what an HTTP header can hold',
    );
  }
}

async function answer(url: string, request: RequestInit): Promise<{ status: number; ok: boolean; text: string }> {
  try {
    const response = await fetch(url, request);
    return { status: response.status, ok: response.ok, text: await response.text() };
  } catch (error) {
    throw away('did not answer', error);
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function away(how: string, cause?: unknown): McpTasksError {
  return new McpTasksError('TEMPORAL_UNAVAILABLE', `the codec server ${how}; the task is not affected, try again`, {
    cause,
  });
}

function undecodable(status: number): McpTasksError {
  return new McpTasksError(
    'PAYLOAD_UNREADABLE',
    `the codec server cannot decode a payload (HTTP ${status}). Trying again does not help: the operator has to see to it that the codec server knows the encoding and the keys that the workers have, or had`,
  );
}

function refused(why: string): McpTasksError {
  return new McpTasksError(
    'CONFIGURATION',
    `the codec server cannot be used: ${why}. Trying again does not help: the operator has to see to \`endpoint\` and \`auth\` of the codec`,
  );
}

function toJson({ metadata, data }: Payload): object {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  return {
    metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([key, value]) => [key, text(value)])),
    data: text(data ?? new Uint8Array()),
  };
}
