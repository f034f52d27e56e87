/** The body of a request is read once, within the limits, and counted as it arrives. */
import { describe, expect, it, vi } from 'vitest';
import { countValues } from '../../src/limits/value-count.js';
import { readBody, TooLarge, type BodyLimits } from '../../src/mcp/request/body.js';

const post = (body: string | ReadableStream<Uint8Array>, headers: Record<string, string> = {}): Request =>
  new Request('http://127.0.0.1/', { method: 'POST', body, headers, duplex: 'half' });
const limits = (some: Partial<BodyLimits> = {}): BodyLimits => ({
  bytes: 1_000,
  values: 100,
  count: () => {},
  ...some,
});

it('values are counted at any depth, keys are not', () => {
  expect(countValues({ a: [1, { b: null }], c: 'x' }, 10)).toBe(6);
  expect(countValues('x', 1)).toBe(1);
  expect(countValues([1, 2], 2)).toBeUndefined();
  const deep = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)) as unknown;
  expect(countValues(deep, 100_000)).toBe(100_000);
  expect(countValues(deep, 99_999)).toBeUndefined();
});

describe('a body', () => {
  it('counts with its bytes, and 40 more for each value', async () => {
    const count = vi.fn<(bytes: number) => void>();
    expect(await readBody(post('{"a":[1,2]}'), undefined, limits({ count }))).toEqual({ json: { a: [1, 2] } });
    expect(count.mock.calls).toEqual([[11], [160]]);
  });

  it('that a framework has parsed counts too', async () => {
    const count = vi.fn<(bytes: number) => void>();
    expect(await readBody(post(''), { a: 1 }, limits({ count }))).toEqual({ json: { a: 1 } });
    expect(count.mock.calls).toEqual([[7], [80]]);
  });

  it('that is not JSON, or ends too early, is returned as text', async () => {
    expect(await readBody(post('{bad'), undefined, limits())).toEqual({ text: '{bad' });
    let sent = false;
    const broken = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent) return controller.error(new Error('hung up'));
        sent = true;
        controller.enqueue(new TextEncoder().encode('{"a":'));
      },
    });
    expect(await readBody(post(broken), undefined, limits())).toEqual({ text: '{"a":' });
  });

  it('with too many bytes or values is refused, and not read to its end', async () => {
    const cancel = vi.fn<() => void>();
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(400)),
      cancel,
    });
    await expect(readBody(post(endless), undefined, limits())).rejects.toThrow(
      new TooLarge('Payload Too Large: Request body must not exceed 1000 bytes'),
    );
    expect(cancel).toHaveBeenCalledOnce();
    const declared = readBody(post('x', { 'content-length': '1001' }), undefined, limits());
    await expect(declared).rejects.toThrow(TooLarge);
    const many = readBody(post('{"id":7,"params":[1,2,3]}'), undefined, limits({ values: 5 }));
    await expect(many).rejects.toMatchObject({
      id: 7,
      message: expect.stringContaining('more than 5 values') as string,
    });
  });
});
