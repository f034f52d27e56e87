/** The canary for src/temporal/seam.ts: what the engine takes from inside the Temporal SDK still does what it did. @module */
import { defaultPayloadConverter, StorageDriverClaim, type Payload, type PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { describe, expect, it } from 'vitest';
import * as seam from '../../src/temporal/seam.js';
import { installed } from '../helpers/sdk-version.js';

const { google } = proto;

/** Marks what it has encoded, so that a test sees whether a codec took part. */
const codec: PayloadCodec = {
  encode: async (payloads) =>
    await Promise.resolve(payloads.map((payload) => ({ ...payload, data: Buffer.from([0, ...(payload.data ?? [])]) }))),
  decode: async (payloads) =>
    await Promise.resolve(payloads.map((payload) => ({ ...payload, data: (payload.data ?? Buffer.of()).subarray(1) }))),
};

describe(`inside ${installed('@temporalio/common')}`, () => {
  it('converts timestamps', () => {
    expect(seam.optionalTsToMs(seam.msToTs('1.5 seconds'))).toBe(1_500);
    expect(seam.optionalTsToMs(null)).toBeUndefined();
  });

  it('an address is split into host and port', () => {
    expect(seam.splitProtoHostPort('temporal.internal:7233')).toMatchObject({
      hostname: 'temporal.internal',
      port: 7233,
    });
  });

  it('values and failures pass through the codecs and back', async () => {
    const converter = seam.loadDataConverter({ payloadCodecs: [codec] });
    const [payload] = (await seam.encodeToPayloads(converter, { rows: 3 })) ?? [];
    expect(payload?.data?.[0]).toBe(0);
    expect(await seam.decodeArrayFromPayloads(converter, [payload as Payload])).toEqual([{ rows: 3 }]);
    const [plain] = await seam.decode([codec], [payload as Payload]);
    expect(defaultPayloadConverter.fromPayload(plain as Payload)).toEqual({ rows: 3 });
    const [again] = (await seam.encodeToPayloadsWithContext(converter, undefined, [1])) ?? [];
    expect(again?.data?.[0]).toBe(0);
    const failure = { message: 'm', encodedAttributes: payload as Payload };
    expect((await seam.decodeFailure([codec], failure)).encodedAttributes?.data).toEqual(plain?.data);
  });

  it('a payload in external storage is recognized', () => {
    expect(seam.isReferencePayload(defaultPayloadConverter.toPayload<number>(1))).toBe(false);
    expect(typeof seam.ExternalStorageRunner.prototype.retrieve).toBe('function');
    expect(typeof seam.ExternalStorageRunner.prototype.store).toBe('function');
    const claim = new StorageDriverClaim({ key: 'k' });
    const reference = seam.encodeReferencePayload({ driverName: 'd', claim, sizeBytes: 1 });
    expect(seam.isReferencePayload(reference)).toBe(true);
  });
});

it(`inside ${installed('@temporalio/client')}, the details of a gRPC error are decoded`, () => {
  const details = [{ type_url: 'type.googleapis.com/temporal.api.errordetails.v1.NamespaceNotFoundFailure' }];
  const encoded = Buffer.from(google.rpc.Status.encode({ code: 5, details }).finish());
  const error = { metadata: { get: () => [encoded] } } as unknown as Parameters<typeof seam.getGrpcStatusDetails>[0];
  expect(seam.getGrpcStatusDetails(error)).toMatchObject(details);
});
