/**
 * Reads payloads from other languages' SDKs that the default converter does not know. Protobuf messages in JSON are
 * read as plain JSON and binary ones as bytes, so no message definitions are needed.
 * @module
 */
import type { DataConverter, Payload, PayloadCodec } from '@temporalio/common';

const READ_AS: Readonly<Record<string, string>> = { 'json/protobuf': 'json/plain', 'binary/protobuf': 'binary/plain' };

const otherEncodings: PayloadCodec = {
  encode: async (payloads) => await Promise.resolve(payloads),
  decode: async (payloads) => await Promise.resolve(payloads.map(readable)),
};

/**
 * Returns `converter` with support for these encodings. A converter with its own payload converter is returned
 * unchanged.
 */
export function withOtherEncodings(converter: DataConverter = {}): DataConverter {
  if (converter.payloadConverterPath !== undefined) return converter;
  // Decoding starts with the last codec, so the first one sees what all others have decoded.
  return { ...converter, payloadCodecs: [otherEncodings, ...(converter.payloadCodecs ?? [])] };
}

function readable(payload: Payload): Payload {
  const encoding = payload.metadata?.['encoding'];
  const other = encoding && READ_AS[Buffer.from(encoding).toString()];
  return other ? { ...payload, metadata: { ...payload.metadata, encoding: Buffer.from(other) } } : payload;
}
