/** A stream that ends when its token expires. */
import { expect, it } from 'vitest';
import { expirySignal, untilExpiry } from '../../src/mcp/request/token-expiry.js';

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
