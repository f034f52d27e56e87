/** The SDK's codec for the state of multi round-trip requests, with keys derived from this package's. @module */
import { createRequestStateCodec } from '@modelcontextprotocol/server';
import type { StateCodec } from '../protocol/request.js';
import type { Keyring } from '../task/keyring.js';

/** How long the question before a start can be answered, in seconds. */
const TTL = 60 * 60;

export function stateCodec(keys: Keyring): StateCodec {
  const codecs = (boundTo: string) =>
    keys
      .derived('request-state')
      .map((key) => createRequestStateCodec<string>({ key, ttlSeconds: TTL, bind: () => boundTo }));
  const context = {} as never;
  return {
    async mint(payload, boundTo) {
      const [codec] = codecs(boundTo);
      if (!codec) throw new Error('a keyring has a key');
      return await codec.mint(payload, context);
    },
    async open(state, boundTo) {
      for (const codec of codecs(boundTo)) {
        const payload = await codec.verify(state, context).catch(() => undefined);
        if (payload !== undefined) return payload;
      }
      return undefined;
    },
  };
}
