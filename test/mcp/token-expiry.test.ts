/** What a request keeps in memory until its token expires. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { expirySignal } from '../../src/mcp/request/token-expiry.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

it('a request whose token is still valid for long is forgotten once it is over', async () => {
  const requests = new AsyncLocalStorage<{ expired?: AbortSignal | undefined }>();
  const begin = (): WeakRef<object> => {
    const request: { expired?: AbortSignal | undefined } = {};
    requests.run(request, () => {
      request.expired = expirySignal(Math.floor(Date.now() / 1000) + 3_600);
    });
    return new WeakRef(request);
  };
  const request = begin();
  await expect
    .poll(() => {
      collect();
      return request.deref() === undefined;
    })
    .toBe(true);
});

it('the signal is aborted when the token expires', async () => {
  const signal = expirySignal(Date.now() / 1000 + 0.05);
  await new Promise((resolve) => signal?.addEventListener('abort', resolve));
  expect(signal?.aborted).toBe(true);
  expect(expirySignal(undefined)).toBeUndefined();
});
