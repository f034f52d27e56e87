/** Measures values as Temporal receives them: after the payload converter, the codecs and external storage. @module */
import type { LoadedDataConverter, Payload, SerializationContext } from '@temporalio/common';
import { LARGEST_PAYLOAD, LARGEST_STORED } from './limits.js';

/** The factor by which a codec may enlarge a payload. Values far enough below the limit need no codec run. */
const GROWTH = 8;
/** The size of a reference to external storage, in bytes. */
const REFERENCE = 500;

/** The size of values in one message. */
export interface EncodedSize {
  /** In bytes. An estimate if it is far below the limit. */
  readonly size: number;
  /** The limit that applies, in bytes. */
  readonly limit: number;
  /** Whether external storage takes any of the values. */
  readonly stored: boolean;
}

/**
 * Measures the values of one message.
 * @throws TypeError if a value has no JSON form; whatever the converter or a codec throws
 */
export async function encodedSize(
  { payloadConverter, payloadCodecs, externalStorage }: LoadedDataConverter,
  values: readonly unknown[],
  context?: SerializationContext,
): Promise<EncodedSize> {
  let payloads = values.map((value) => payloadConverter.toPayload(value, context));
  const bad = payloads.findIndex(isNoJson);
  if (bad >= 0)
    throw new TypeError(
      `A value of type ${typeof values[bad]} has no JSON form, so it cannot be sent. Use plain data.`,
    );
  const before = sum(payloads.map(payloadSize));
  if (before * GROWTH < LARGEST_PAYLOAD) return { size: before, limit: LARGEST_PAYLOAD, stored: false };
  for (const codec of payloadCodecs) payloads = await codec.encode(payloads, context);
  const stored = payloads.filter(
    (payload) =>
      externalStorage !== undefined &&
      payloadSize(payload) >= externalStorage.payloadSizeThreshold &&
      externalStorage.driverSelector({}, payload) !== null,
  );
  const largest = Math.max(0, ...stored.map(payloadSize));
  if (largest > LARGEST_STORED) return { size: largest, limit: LARGEST_STORED, stored: true };
  const inline = sum(payloads.map((payload) => (stored.includes(payload) ? REFERENCE : payloadSize(payload))));
  return { size: inline, limit: LARGEST_PAYLOAD, stored: stored.length > 0 };
}

/**
 * Whether a payload is JSON without any text: the default converter makes one of a function or a symbol, and nobody can
 * decode it.
 */
export function isNoJson({ metadata, data }: Payload): boolean {
  return data?.byteLength === 0 && Buffer.from(metadata?.['encoding'] ?? []).toString() === 'json/plain';
}

/** The size in protobuf, rounded up: each field has a tag and a length. */
function payloadSize({ metadata, data }: Payload): number {
  const fields = Object.entries(metadata ?? {}).map(([name, value]) => name.length + value.byteLength + 12);
  return 12 + (data?.byteLength ?? 0) + sum(fields);
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}
