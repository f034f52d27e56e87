/** Measures values as Temporal gets them: after the payload converter, the codecs and external storage. @module */
import type { LoadedDataConverter, Payload, SerializationContext } from '@temporalio/common';
import { LARGEST_PAYLOAD } from './limits.js';

/** How much larger a codec can make a payload. Below this share of the limit, codecs need not run. */
const GROWTH = 8;
/** The size of a reference to external storage, in bytes. */
const REFERENCE = 500;

/**
 * Returns the size of the values in one message, in bytes. It is an estimate if it is far below the limit.
 * @throws whatever the converter or a codec throws
 */
export async function encodedSize(
  { payloadConverter, payloadCodecs, externalStorage }: LoadedDataConverter,
  values: readonly unknown[],
  context?: SerializationContext,
): Promise<number> {
  let payloads = values.map((value) => payloadConverter.toPayload(value, context));
  if (sum(payloads.map(payloadSize)) * GROWTH < LARGEST_PAYLOAD) return sum(payloads.map(payloadSize));
  for (const codec of payloadCodecs) payloads = await codec.encode(payloads, context);
  return sum(
    payloads.map((payload) => {
      const size = payloadSize(payload);
      const stored =
        externalStorage !== undefined &&
        size >= externalStorage.payloadSizeThreshold &&
        externalStorage.driverSelector({}, payload) !== null;
      return stored ? REFERENCE : size;
    }),
  );
}

/** The size in protobuf, rounded up: each field has a tag and a length. */
function payloadSize({ metadata, data }: Payload): number {
  const fields = Object.entries(metadata ?? {}).map(([name, value]) => name.length + value.byteLength + 12);
  return 12 + (data?.byteLength ?? 0) + sum(fields);
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}
