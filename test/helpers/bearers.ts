/** Authorization that trusts every bearer token and uses the token itself as the subject. @module */
import type { AuthInfo } from '@modelcontextprotocol/server';
import type { FetchHandler } from '../../src/sdk/index.js';

export function trustBearers<Handler extends FetchHandler>(handler: Handler): Handler {
  return {
    ...handler,
    async fetch(request) {
      const sub = request.headers.get('authorization')?.replace('Bearer ', '');
      const authInfo: AuthInfo | undefined =
        sub === undefined ? undefined : { token: sub, clientId: 'test', scopes: [], extra: { iss: 'test', sub } };
      return await handler.fetch(request, authInfo ? { authInfo } : {});
    },
  };
}
