/**
 * A codec server: encodes and decodes payloads by HTTP, as those that Temporal's UI and CLI use.
 * https://docs.temporal.io/codec-server
 * @module
 */
import type { Payload, PayloadCodec } from '@temporalio/common';
import { z } from 'zod';
import { McpTasksError } from '../task/errors.js';

/** For one request, in milliseconds. */
const DEADLINE = 1_500;

const base64 = z.string().transform((text) => new Uint8Array(Buffer.from(text, 'base64')));
const Answer = z.object({ payloads: z.array(z.object({ metadata: z.record(z.string(), base64).optional(), data: base64.optional() })) });

export interface RemoteCodecOptions {
  /** Without `/encode` and `/decode`; `{namespace}` in it is the namespace. */
  readonly endpoint: string;
  /** The `Authorization` header. */
  readonly auth?: string | undefined;
  readonly namespace: string;
}

/** Its methods throw `TEMPORAL_UNAVAILABLE` where the server does not do it. */
export function remoteCodec({ endpoint, auth, namespace }: RemoteCodecOptions): PayloadCodec {
  const url = endpoint.replaceAll('{namespace}', encodeURIComponent(namespace)).replace(/\/$/, '');
  const headers = { 'content-type': 'application/json', 'x-namespace': namespace, ...(auth === undefined ? {} : { authorization: auth }) };
  const post = async (what: 'encode' | 'decode', payloads: Payload[]): Promise<Payload[]> => {
    if (payloads.length === 0) return [];
    try {
      const response = await fetch(`${url}/${what}`, { method: 'POST', headers, body: JSON.stringify({ payloads: payloads.map(toJson) }), signal: AbortSignal.timeout(DEADLINE) });
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      return Answer.parse(await response.json()).payloads.map(({ metadata, data }) => ({ metadata: metadata ?? null, data: data ?? null }));
    } catch (error) {
      throw new McpTasksError('TEMPORAL_UNAVAILABLE', 'the codec server did not answer; the task is not affected, try again', { cause: error });
    }
  };
  return { encode: async (payloads) => await post('encode', payloads), decode: async (payloads) => await post('decode', payloads) };
}

function toJson({ metadata, data }: Payload): object {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  return { metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([key, value]) => [key, text(value)])), data: text(data ?? new Uint8Array()) };
}
