/** Makes a server an OAuth 2.1 protected resource (RFC 9728, RFC 6750), as MCP's authorization requires. @module */
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

/** The options of {@link bearerAuth}. */
export interface BearerAuthOptions {
  /** The authorization server's issuer URL; HTTPS, except on this machine. */
  readonly issuer: string;
  /** The public URL of this server: the resource that clients request tokens for (RFC 8707). */
  readonly resource: string;
  /** The value that a token's `aud` must contain. @default `resource`, with or without a trailing slash */
  readonly audience?: string;
  /** The scopes that every request needs. @default none */
  readonly scopes?: readonly string[];
  /** @default JSON lines on stderr */
  readonly logger?: Logger;
}

/** A handler that only gets requests with a valid token. */
export interface ProtectedHandler extends McpHttpHandler {
  /** The paths to route to the handler besides its own. They serve the metadata documents, which need no token. */
  readonly metadataPaths: readonly string[];
}

const ROOT_METADATA = '/.well-known/oauth-protected-resource';
/** The `Retry-After` while the issuer does not answer, in seconds. */
const RETRY_AFTER = '5';

/**
 * Wraps `handler` so that it only gets requests with a token for this server. The verified token becomes the request's
 * `authInfo`, with issuer and subject in `extra.iss` and `extra.sub`: together they are the owner of tasks.
 *
 * Answers 401 without a valid token and 403 if scopes are missing, both with the challenge from which clients find the
 * issuer. Logs each refused token, with the reason and without its text. Answers 503 while the issuer's keys are unavailable.
 *
 * @throws McpTasksError `CONFIGURATION` if the issuer is unreachable or does not publish its metadata, or if a URL is
 *   invalid
 * @example
 * const handler = await bearerAuth(tasks.handler(factory), {
 *   issuer: 'https://auth.example.com',
 *   resource: 'https://mcp.example.com/mcp',
 * });
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
      // The client cannot fix anything else, so the answer is a 500.
      if (!(error instanceof OAuthError)) logger.error({ err: error }, 'failed to verify a token');
      else if (request.headers.has('authorization')) logger.warn({ issuer }, `refused a token: ${error.message}`);
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

/** Returns a 503 instead of a 401: the token may be valid, so the client should not request another one. */
function unavailable({ message }: IssuerUnavailable): Response {
  return Response.json(
    { error: 'temporarily_unavailable', error_description: message },
    { status: 503, headers: { 'retry-after': RETRY_AFTER } },
  );
}

/**
 * Rewrites a request for the root metadata document to ask for that of the resource. Clients that got no challenge also
 * try the root, and the SDK serves no document there if the resource URL has a path.
 */
function atResource(request: Request, resourceMetadataUrl: string): Request {
  if (new URL(request.url).pathname !== ROOT_METADATA) return request;
  return new Request(resourceMetadataUrl, { method: request.method, headers: request.headers });
}

function resourceUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && !url.hash) return url;
  throw new McpTasksError(
    'CONFIGURATION',
    `The resource must be this server's public URL (https://…, without a fragment), not ${text}`,
  );
}
