/** The codec by itself: its format, its keys, and what it says about payloads that it cannot decrypt. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { defaultPayloadConverter, type Payload, type PayloadCodec } from '@temporalio/common';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { encryption, type EncryptionKeyFunction, type EncryptionOptions } from '../../src/encryption/index.js';
import { PayloadMessage } from '../../src/temporal/rpc/proto.js';

afterEach(() => vi.unstubAllEnvs());

const fresh = (): string => randomBytes(32).toString('base64');
const [one, other] = [fresh(), fresh()];
const codecOf = (options: EncryptionOptions): PayloadCodec => encryption(options).payloadCodecs?.at(-1) as PayloadCodec;
const payload = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);
const valueOf = (given: Payload | undefined): unknown => defaultPayloadConverter.fromPayload(given as Payload);
const text = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString();
async function encoded(options: EncryptionOptions, value: unknown = { card: 'visa' }): Promise<Payload> {
  return (await codecOf(options).encode([payload(value)]))[0] as Payload;
}

describe('the format', () => {
  it('hides the data and the metadata, and names the key', async () => {
    const { metadata, data } = await encoded({ keys: `2026-11:${one}` });
    expect(Object.fromEntries(Object.entries(metadata ?? {}).map(([name, value]) => [name, text(value)]))).toEqual({
      encoding: 'binary/encrypted',
      'encryption-key-id': '2026-11',
    });
    expect(text(data)).not.toMatch(/visa|json\/plain/);
  });

  it('is the one of the samples of Temporal’s SDKs: nonce, ciphertext, tag, and no additional data', async () => {
    const { data } = await encoded({ keys: `a:${one}` });
    const bytes = Buffer.from(data ?? []);
    const decipher = createDecipheriv('aes-256-gcm', Buffer.from(one, 'base64'), bytes.subarray(0, 12));
    decipher.setAuthTag(bytes.subarray(-16));
    const plain = Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]);
    expect(valueOf(PayloadMessage.decode(plain))).toEqual({ card: 'visa' });

    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', Buffer.from(one, 'base64'), nonce);
    const theirs = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    const metadata = { encoding: Buffer.from('binary/encrypted'), 'encryption-key-id': Buffer.from('a') };
    const [decoded] = await codecOf({ keys: `a:${one}` }).decode([{ metadata, data: theirs }]);
    expect(valueOf(decoded)).toEqual({ card: 'visa' });
  });

  it('has another nonce each time', async () => {
    const codec = codecOf({ keys: `a:${one}` });
    const many = await codec.encode(Array.from({ length: 100 }, () => payload('same')));
    expect(new Set(many.map(({ data }) => Buffer.from(data ?? []).toString('hex', 0, 12))).size).toBe(100);
  });

  it('keeps values of all kinds', async () => {
    const codec = codecOf({ keys: `a:${one}` });
    const values = [undefined, null, '', 0, { a: ['é'] }, new Uint8Array([0, 255]), 'x'.repeat(3_000_000)];
    const decoded = await codec.decode(await codec.encode(values.map(payload)));
    expect(decoded.map(valueOf)).toEqual(values);
    expect(await codec.encode([])).toEqual([]);
  });

  it('adds a hundred bytes or so', async () => {
    const { metadata, data } = await encoded({ keys: `2026-11:${one}` }, 'x'.repeat(1_000_000));
    expect(PayloadMessage.encode({ metadata: metadata ?? null, data: data ?? null }).finish().byteLength).toBeLessThan(
      1_000_200,
    );
  });
});

describe('keys', () => {
  it('come from the environment', async () => {
    vi.stubEnv('MCP_TASKS_ENCRYPTION_KEYS', ` a:${one} , b:${other}`);
    expect(text((await encoded({})).metadata?.['encryption-key-id'])).toBe('a');
  });

  it('rotate: the first one encrypts, and all decrypt', async () => {
    const before = await encoded({ keys: `old:${one}` });
    const rotated = codecOf({ keys: `new:${other},old:${one}` });
    expect(valueOf((await rotated.decode([before]))[0])).toEqual({ card: 'visa' });
    const [after] = await rotated.encode([payload(1)]);
    expect(text(after?.metadata?.['encryption-key-id'])).toBe('new');
  });

  it('may have IDs with colons, as in some key management systems', async () => {
    const id = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd';
    expect(text((await encoded({ keys: `${id}:${one}` })).metadata?.['encryption-key-id'])).toBe(id);
  });

  it.each([
    ['', /none are set.*openssl rand -base64 32/],
    [one, /key 1 has no ID.*2026-11:<key>.*32 random bytes, written in base64.*openssl rand -base64 32/],
    [`a:${one},${other}`, /key 2 has no ID/],
    [`a b:${one}`, /an ID must have/],
    [`a:${one},a:${other}`, /two keys have the same ID/],
    [`a:${one},b:${one}`, /two IDs have the same key/],
    ['a:', /key a is empty/],
    [`a:${one.replace('=', '!')}`, /key a is not base64.*32 random bytes, written in base64.*openssl rand -base64 32/],
    ...[16, 32].map((size): [string, RegExp] => [
      `a:${randomBytes(size).toString('hex')}`,
      /key a is in hexadecimal, not in base64.*32 random bytes, written in base64.*openssl rand -base64 32/,
    ]),
    [`a:${randomBytes(48).toString('base64')}`, /key a has 48 bytes, but AES-256 needs exactly 32.*in base64/],
    [`a:${randomBytes(16).toString('base64')}`, /key a has 16 bytes/],
    [`a:${Buffer.alloc(32).toString('base64')}`, /key a is weak: it repeats/],
    [`a:${Buffer.from('secret'.repeat(6).slice(0, 32)).toString('base64')}`, /key a is weak: it repeats/],
    [`a:${Buffer.from('correct horse battery staple, x1').toString('base64')}`, /key a is weak: it is text/],
    [`a:${Buffer.from(Array.from({ length: 32 }, (_, i) => i)).toString('base64')}`, /key a is weak: .* count/],
    [`good:${one},a:${Buffer.alloc(32, 7).toString('base64')}`, /key a is weak/],
  ])('are refused if they are invalid or weak (%#)', (keys, message) => {
    let error: unknown;
    try {
      encryption({ keys });
    } catch (reason) {
      error = reason;
    }
    expect(error).toMatchObject({ code: 'CONFIGURATION', message: expect.stringMatching(message) });
    const secrets = keys.split(/[,:]/).filter((part) => part.length > 20);
    for (const secret of secrets) expect(inspect(error)).not.toContain(secret);
  });

  it('of random bytes are never called weak', () => {
    const keys = Array.from({ length: 2_000 }, (_, i) => `${i}:${fresh()}`).join(',');
    expect(() => encryption({ keys })).not.toThrow();
  });

  it('do not show when the converter is printed', () => {
    const shown = inspect(encryption({ keys: `a:${one}` }), { depth: 10, showHidden: true });
    expect(shown).not.toContain(one);
  });
});

describe('a payload', () => {
  it('that is not encrypted is passed on', async () => {
    const plain = payload('plain');
    expect(await codecOf({ keys: `a:${one}` }).decode([plain, { metadata: null, data: null }])).toEqual([
      plain,
      { metadata: null, data: null },
    ]);
  });

  it.each([
    [
      'with an unknown key',
      async () => await encoded({ keys: `gone:${one}` }),
      /with key gone, which this process does not have.*add it to the encryption keys/,
    ],
    ['with another key of the same ID', async () => await encoded({ keys: `b:${other}` }), /key b: it is damaged, or/],
    ['that was changed', async () => damaged(await encoded({ keys: `b:${one}` })), /key b: it is damaged, or/],
    [
      'that is cut',
      async () => ({ ...(await encoded({ keys: `b:${one}` })), data: Buffer.of(1) }),
      /key b: it is damaged/,
    ],
    ['without the key’s ID', async () => withoutId(await encoded({ keys: `b:${one}` })), /does not name its key/],
  ])('%s is unreadable', async (_, made, message) => {
    const given = await made();
    await expect(codecOf({ keys: `b:${one}` }).decode([given])).rejects.toMatchObject({
      code: 'PAYLOAD_UNREADABLE',
      message: expect.stringMatching(message),
    });
  });
});

describe('a function for keys', () => {
  const keys = new Map([
    ['a', Buffer.from(one, 'base64')],
    ['b', Buffer.from(other, 'base64')],
    ['weak', Buffer.alloc(32)],
  ]);

  it('is called once per key', async () => {
    const fetch = vi.fn<EncryptionKeyFunction>(async (id) => await Promise.resolve(keys.get(id)));
    const codec = codecOf({ keys: fetch, activeKey: 'a' });
    expect(fetch).not.toHaveBeenCalled();
    const all = await Promise.all([1, 2, 3].map(async (value) => await codec.encode([payload(value)])));
    expect((await codec.decode([...all.flat(), await encoded({ keys: `b:${other}` })])).map(valueOf)).toEqual([
      1,
      2,
      3,
      { card: 'visa' },
    ]);
    expect(fetch.mock.calls).toEqual([['a'], ['b']]);
  });

  it('is called again after a failure, or if it had no such key', async () => {
    const fetch = vi
      .fn<EncryptionKeyFunction>()
      .mockRejectedValueOnce(new Error('the KMS says: token t0p-s3cret expired'))
      .mockResolvedValueOnce(undefined)
      .mockResolvedValue(keys.get('a'));
    const codec = codecOf({ keys: fetch, activeKey: 'a' });
    const given = [await encoded({ keys: `a:${one}` })];
    await expect(codec.decode(given)).rejects.toMatchObject({
      code: 'CODEC_FAILED',
      message: expect.stringMatching(/^Encryption key a is not available at the moment\. Try again\.$/),
    });
    await expect(codec.decode(given)).rejects.toMatchObject({ code: 'PAYLOAD_UNREADABLE' });
    expect(await codec.decode(given)).toHaveLength(1);
  });

  it('that never answers fails in time', async () => {
    vi.useFakeTimers();
    try {
      const encoding = codecOf({ keys: async () => await new Promise(() => {}), activeKey: 'a' }).encode([payload(1)]);
      const failed = encoding.catch((error: unknown) => error);
      await vi.advanceTimersByTimeAsync(5_000);
      expect(await failed).toMatchObject({ code: 'CODEC_FAILED' });
    } finally {
      vi.useRealTimers();
    }
  });

  it('must not return a weak key', async () => {
    const fetch = async (id: string) => await Promise.resolve(keys.get(id));
    await expect(codecOf({ keys: fetch, activeKey: 'weak' }).encode([payload(1)])).rejects.toMatchObject({
      code: 'CONFIGURATION',
    });
    await expect(codecOf({ keys: fetch, activeKey: 'none' }).encode([payload(1)])).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining('no encryption key none'),
    });
  });

  it('needs the ID of the active key, and only a function does', () => {
    expect(() => encryption({ keys: async () => await Promise.resolve(undefined) })).toThrow('`activeKey`');
    expect(() => encryption({ keys: `a:${one}`, activeKey: 'a' })).toThrow('only allowed if');
  });
});

it('an author’s own converter is kept, and its codecs run first', async () => {
  const theirs: PayloadCodec = {
    encode: async (payloads) =>
      await Promise.resolve(payloads.map((given) => ({ ...given, data: Buffer.from('"theirs"') }))),
    decode: async (payloads) => await Promise.resolve(payloads),
  };
  const converter = encryption({
    keys: `a:${one}`,
    dataConverter: {
      payloadCodecs: [theirs],
      payloadConverterPath: '/converter.js',
      failureConverterPath: '/theirs.js',
    },
  });
  expect(converter).toMatchObject({ payloadConverterPath: '/converter.js', failureConverterPath: '/theirs.js' });
  let payloads = [payload('ours')];
  for (const codec of converter.payloadCodecs ?? []) payloads = await codec.encode(payloads);
  expect(valueOf((await codecOf({ keys: `a:${one}` }).decode(payloads))[0])).toBe('theirs');
});

function damaged(given: Payload): Payload {
  const data = Buffer.from(given.data ?? []);
  data.writeUInt8(data.readUInt8(20) ^ 1, 20);
  return { ...given, data };
}

function withoutId(given: Payload): Payload {
  return { ...given, metadata: { encoding: Buffer.from('binary/encrypted') } };
}
