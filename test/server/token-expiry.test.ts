/** What a client gets when its token has expired: no more of a stream, and no result. */
import { expect, it } from 'vitest';
import { expirySignal, unlessExpired, untilExpiry } from '../../src/mcp/request/token-expiry.js';

const inAnHour = (): AbortSignal | undefined => expirySignal(Date.now() / 1000 + 3_600);
/** Creates a stream longer than any test here reads; `made` counts the chunks produced so far. */
function long(): { readonly response: Response; readonly made: () => number } {
  let chunks = 0;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => (chunks < 100_000 ? controller.enqueue(new Uint8Array([chunks++])) : controller.close()),
  });
  return { response: new Response(body, { headers: { 'content-type': 'text/event-stream' } }), made: () => chunks };
}

it('does not read ahead of its client', async () => {
  const { response, made } = long();
  const reader = untilExpiry(response, inAnHour(), false).body?.getReader();
  for (let read = 0; read < 10; read++)
    expect(await reader?.read()).toEqual({ done: false, value: new Uint8Array([read]) });
  // Let all pending work finish. The streams in between buffer a few chunks.
  await new Promise(setImmediate);
  expect(made()).toBeLessThanOrEqual(10 + 3);
  await reader?.cancel();
});

it('ends when the token expires', async () => {
  const { response } = long();
  const reader = untilExpiry(response, expirySignal(Date.now() / 1000), false).body?.getReader();
  await expect.poll(async () => (await reader?.read())?.done).toBe(true);
});

it('withholds a result that is ready too late, and nothing else', async () => {
  const read = async (body: object, expired: AbortSignal | undefined): Promise<unknown> =>
    await (await unlessExpired(Response.json(body), expired)).json();
  const over = AbortSignal.abort();
  const [result, error] = [
    { jsonrpc: '2.0', id: 7, result: { secret: true } },
    { jsonrpc: '2.0', id: 7, error: { code: -32602, message: 'no' } },
  ];
  expect(await read(result, over)).toEqual({
    jsonrpc: '2.0',
    id: 7,
    error: { code: -32603, message: 'The access token expired before the answer was ready.' },
  });
  expect(await read([result], over)).toMatchObject({ error: { code: -32603 } });
  expect(await read(error, over)).toEqual(error);
  for (const expired of [undefined, inAnHour()]) expect(await read(result, expired)).toEqual(result);
  const stream = long().response;
  expect(await unlessExpired(stream, over)).toBe(stream);
});
