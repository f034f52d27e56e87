/** Computes a codec server's answer to the body of a request. Knows HTTP only by its statuses. @module */
import type { PayloadCodec } from '@temporalio/common';
import { isMcpTasksError } from '../task/errors.js';
import { bodyWith, payloadsIn } from '../temporal/connection/json-payloads.js';

export interface CodecAnswer {
  readonly status: number;
  /** JSON with the payloads if the status is 200, otherwise a message. */
  readonly body: string;
}

/**
 * Encodes or decodes the payloads in `body`. The status says whether repeating the request can help, as in
 * remote-codec.ts.
 * @throws whatever else the codec throws
 */
export async function codecAnswer(
  codec: PayloadCodec,
  action: 'encode' | 'decode',
  body: string,
): Promise<CodecAnswer> {
  const payloads = payloadsIn(body);
  if (!payloads) return { status: 400, body: 'Send {"payloads": [...]}, with data and metadata in base64.' };
  try {
    return { status: 200, body: bodyWith(await codec[action](payloads)) };
  } catch (error) {
    if (isMcpTasksError(error, 'PAYLOAD_UNREADABLE')) return { status: 422, body: error.message };
    if (isMcpTasksError(error, 'CODEC_FAILED')) return { status: 503, body: error.message };
    throw error;
  }
}
