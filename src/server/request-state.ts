/** The SDK's codec for the state of multi round-trip requests, with keys derived from this package's. @module */
import { createRequestStateCodec } from '@modelcontextprotocol/server';
import type { StateCodec } from '../protocol/request.js';
import type { Keyring } from '../task/keyring.js';

export function stateCodec(keys: Keyring): StateCodec {
  const bound = (key: string, boundTo: string, ttlSeconds = 1) =>
    createRequestStateCodec<string>({ key, ttlSeconds, bind: () => boundTo });
  const context = {} as never;
  return {
    async mint(payload, boundTo, ttl) {
      const [key] = keys.derived('request-state');
      return await bound(key, boundTo, ttl).mint(payload, context);
    },
    async open(state, boundTo) {
      for (const key of keys.derived('request-state')) {
        // The state contains its own expiry.
        const payload = await bound(key, boundTo)
          .verify(state, context)
          .catch(() => undefined);
        if (payload !== undefined) return payload;
      }
      return undefined;
    },
  };
}
