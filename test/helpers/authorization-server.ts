/** A real authorization server on loopback, with users who sign in to it. @module */
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose';
import { Provider } from 'oidc-provider';

export const CLIENT = 'host';
export const REDIRECT = 'http://127.0.0.1:9/callback';

export interface AuthorizationServer {
  readonly issuer: string;
  /** Gets a token for `user` and `resource` through the authorization code flow, the way a host does. */
  signIn(user: string, options: { resource: string; scope?: string }): Promise<string>;
  /** Follows an authorization URL the way the browser of `user` would. @returns the parameters the client receives */
  authorize(url: URL, user: string): Promise<URLSearchParams>;
  /** Signs a token that the server itself would not issue, with its key. Claims that are `undefined` are omitted. */
  forge(claims: JWTPayload, header?: { alg?: string; kid?: string }): Promise<string>;
  /** Stops the server, as in an outage. */
  close(): Promise<void>;
}

export async function startAuthorizationServer(): Promise<AuthorizationServer> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const jwk = { ...(await exportJWK(privateKey)), kid: 'first', alg: 'RS256', use: 'sig' };
  const http = createServer();
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    jwks: { keys: [jwk] },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    clients: [
      {
        client_id: CLIENT,
        token_endpoint_auth_method: 'none',
        redirect_uris: [REDIRECT],
        grant_types: ['authorization_code'],
      },
    ],
    findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    interactions: { url: (_, { uid }) => `/sign-in/${uid}` },
    ttl: { Interaction: 60, Session: 60, Grant: 60 },
    // Everyone who signs in grants consent.
    async loadExistingGrant({ oidc }) {
      const grant = new provider.Grant({ clientId: CLIENT, accountId: oidc.session?.accountId as string });
      grant.addResourceScope(oidc.params?.['resource'] as string, oidc.params?.['scope'] as string);
      await grant.save();
      return grant;
    },
    features: {
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, resource) => ({
          scope: 'tasks:run tasks:read',
          audience: resource,
          accessTokenFormat: 'jwt',
          accessTokenTTL: 300,
        }),
      },
    },
  });
  const answer = provider.callback();
  http.on('request', (request, response) => {
    if (!request.url?.startsWith('/sign-in/')) return void answer(request, response);
    void provider.interactionDetails(request, response).then(
      async ({ params }) =>
        await provider.interactionFinished(request, response, {
          login: { accountId: params['login_hint'] as string },
        }),
    );
  });
  return {
    issuer,
    authorize,
    async signIn(user, { resource, scope = 'tasks:run' }) {
      const verifier = randomBytes(32).toString('base64url');
      const challenge = createHash('sha256').update(verifier).digest('base64url');
      const query = {
        client_id: CLIENT,
        redirect_uri: REDIRECT,
        response_type: 'code',
        code_challenge: challenge,
        code_challenge_method: 'S256',
        resource,
        scope,
      };
      const code =
        (await authorize(new URL(`${issuer}/auth?${new URLSearchParams(query).toString()}`), user)).get('code') ?? '';
      const form = {
        grant_type: 'authorization_code',
        client_id: CLIENT,
        redirect_uri: REDIRECT,
        code,
        code_verifier: verifier,
        resource,
      };
      const granted = await fetch(`${issuer}/token`, { method: 'POST', body: new URLSearchParams(form) });
      const { access_token: token, ...rest } = (await granted.json()) as { access_token?: string };
      if (token === undefined) throw new Error(`no token: ${JSON.stringify(rest)}`);
      return token;
    },
    async forge(claims, { alg = 'RS256', kid = 'first' } = {}) {
      const key = alg === 'RS256' ? privateKey : new TextEncoder().encode(JSON.stringify(jwk));
      const now = Math.floor(Date.now() / 1000);
      const payload = {
        iss: issuer,
        sub: 'alice',
        client_id: CLIENT,
        scope: 'tasks:run',
        iat: now,
        exp: now + 300,
        ...claims,
      };
      return await new SignJWT(JSON.parse(JSON.stringify(payload)) as JWTPayload)
        .setProtectedHeader({ alg, kid })
        .sign(key);
    },
    async close() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

/** Follows redirects the way a browser would, cookies included, until one leads to the client. */
async function authorize(start: URL, user: string): Promise<URLSearchParams> {
  const cookies = new Map<string, string>();
  let url = new URL(start);
  url.searchParams.set('login_hint', user);
  for (let hops = 0; hops < 10; hops++) {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
    });
    for (const [, name = '', value = ''] of response.headers
      .getSetCookie()
      .map((cookie) => /^([^=]+)=([^;]*)/.exec(cookie) ?? []))
      cookies.set(name, value);
    const location = response.headers.get('location');
    if (!location) throw new Error(`signing in ended at ${url.href}: ${response.status} ${await response.text()}`);
    url = new URL(location, url);
    if (url.href.startsWith(REDIRECT)) return url.searchParams;
  }
  throw new Error('signing in went in circles');
}
