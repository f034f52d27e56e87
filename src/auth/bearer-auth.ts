/** A server as an OAuth 2.1 protected resource: RFC 9728 and RFC 6750, as MCP's authorization has them. @module */
import {
  bearerAuthChallengeResponse,
  getOAuthProtectedResourceMetadataUrl,
  OAuthError,
  oauthMetadataResponse,
  verifyBearerToken,
  type AuthInfo,
  type AuthMetadataOptions,
  type McpHttpHandler,
} from '@modelcontextprotocol/server';
import { stderrLogger, type Logger } from '../local/log.js';
import { McpTasksError } from '../task/errors.js';
import { discoverIssuer } from './issuer.js';
import { IssuerUnavailable, JwtVerifier } from './verifier.js';

export interface BearerAuthOptions {
  /** The authorization server's issuer URL; HTTPS, except on this machine. */
  readonly issuer: string;
  /** The public URL of this server: the resource that clients ask a token for (RFC 8707). */
  readonly resource: string;
  /** What `aud` has to name in a token. @default `resource`, with or without a slash at its end */
  readonly audience?: string;
  /** The scopes that every request needs. @default none */
  readonly scopes?: readonly string[];
  /** @default JSON lines on stderr */
  readonly logger?: Logger;
}

export interface ProtectedHandler extends McpHttpHandler {
  /** Where, besides its own path, the handler has to be reached: the metadata documents, which need no token. */
  readonly metadataPaths: readonly string[];
}

const ROOT_METADATA = '/.well-known/oauth-protected-resource';
/** When to ask again while the issuer does not answer, in seconds. */
const RETRY_AFTER = '5';

/**
 * Lets nobody through to `handler` without a token for this server. The verified token becomes the request's `authInfo`,
 * issuer and subject in `extra.iss` and `.sub`: tasks belong to them.
 *
 * Answers 401 without a good token, 403 without the scopes, both with the challenge that clients find the issuer by, and 503
 * while the issuer's keys cannot be had.
 *
 * @throws McpTasksError `CONFIGURATION` if the issuer cannot be reached or does not publish its metadata, or for a wrong URL
 * @example
 * const handler = await bearerAuth(tasks.handler(factory), { issuer: 'https://auth.example.com', resource: 'https://mcp.example.com/mcp' });
 */
export async function bearerAuth(handler: McpHttpHandler, options: BearerAuthOptions): Promise<ProtectedHandler> {
  const { issuer, scopes = [], logger = stderrLogger() } = options;
  const resource = resourceUrl(options.resource);
  const issuerMetadata = await discoverIssuer(issuer);
  const audience =
    options.audience === undefined ? [resource.href, resource.href.replace(/\/$/, '')] : [options.audience];
  const resourceMetadataUrl = getOAuthProtectedResourceMetadataUrl(resource);
  const required = { requiredScopes: [...scopes], resourceMetadataUrl };
  const verifier = new JwtVerifier(issuerMetadata, audience, logger);
  const metadata: AuthMetadataOptions = {
    oauthMetadata: issuerMetadata as unknown as AuthMetadataOptions['oauthMetadata'],
    resourceServerUrl: resource,
    ...(scopes.length > 0 ? { scopesSupported: [...scopes] } : {}),
  };
  const admit = async (request: Request): Promise<AuthInfo | Response> => {
    try {
      return await verifyBearerToken(request.headers.get('authorization'), { ...required, verifier });
    } catch (error) {
      if (error instanceof IssuerUnavailable) return unavailable(error);
      // Nothing that the client could do about it: it is answered 500.
      if (!(error instanceof OAuthError)) logger.error({ err: error }, 'a token could not be verified');
      return bearerAuthChallengeResponse(error, required);
    }
  };
  return {
    ...handler,
    metadataPaths: [
      ...new Set([ROOT_METADATA, new URL(resourceMetadataUrl).pathname, '/.well-known/oauth-authorization-server']),
    ],
    async fetch(request, given) {
      const document = oauthMetadataResponse(atResource(request, resourceMetadataUrl), metadata);
      if (document) return document;
      const admitted = await admit(request);
      return admitted instanceof Response ? admitted : await handler.fetch(request, { ...given, authInfo: admitted });
    },
  };
}

/** The token may well be good: nothing that a client should ask for another one for. */
function unavailable({ message }: IssuerUnavailable): Response {
  return Response.json(
    { error: 'temporarily_unavailable', error_description: message },
    { status: 503, headers: { 'retry-after': RETRY_AFTER } },
  );
}

/** Clients that got no challenge look at the root as well, where the SDK has no document for a resource with a path. */
function atResource(request: Request, resourceMetadataUrl: string): Request {
  if (new URL(request.url).pathname !== ROOT_METADATA) return request;
  return new Request(resourceMetadataUrl, { method: request.method, headers: request.headers });
}

function resourceUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && !url.hash) return url;
  throw new McpTasksError(
    'CONFIGURATION',
    `the resource has to be this server's public URL (https://…, without a fragment), not ${text}`,
  );
}
