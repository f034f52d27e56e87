/** Authorization that takes every bearer at their word: the token is the subject. @module */
import type { AuthInfo, McpHttpHandler } from '@modelcontextprotocol/server';

export function trustBearers(handler: McpHttpHandler): McpHttpHandler {
  return {
    ...handler,
    async fetch(request) {
      const sub = request.headers.get('authorization')?.replace('Bearer ', '');
      const authInfo: AuthInfo | undefined = sub === undefined ? undefined : { token: sub, clientId: 'test', scopes: [], extra: { iss: 'test', sub } };
      return await handler.fetch(request, authInfo ? { authInfo } : {});
    },
  };
}
