/** Verifies JWT access tokens with the keys that their issuer publishes. @module */
import { OAuthError, OAuthErrorCode, type AuthInfo, type OAuthTokenVerifier } from '@modelcontextprotocol/server';
import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import type { Logger } from '../local/log.js';
import type { IssuerMetadata } from './issuer.js';

/** The tolerated difference between this machine's clock and the issuer's, in seconds. */
const CLOCK_TOLERANCE = 5;
/** The time limit for fetching the issuer's keys, in milliseconds. */
const KEYS_DEADLINE = 3_000;
/** The accepted algorithms. With a shared secret, any server that verifies tokens could also forge them. */
const ASYMMETRIC = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
/** Key lookup errors that are the token's fault. All others are the issuer's. */
const TOKEN_FAULTS = [errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, errors.JOSENotSupported];

/** The issuer's keys are unavailable, so the token may be valid. */
export class IssuerUnavailable extends Error {
  override readonly name = 'IssuerUnavailable';
}

export class JwtVerifier implements OAuthTokenVerifier {
  readonly #keys: JWTVerifyGetKey;

  /** @param audience the accepted values: a token's `aud` must contain one of them */
  constructor(
    private readonly issuer: IssuerMetadata,
    private readonly audience: string[],
    logger: Logger,
  ) {
    this.#keys = issuerKeys(issuer, logger);
  }

  /**
   * Verifies a token and returns its claims as `AuthInfo`.
   * @throws OAuthError `invalid_token` if the token is malformed, badly signed, from another issuer, for another
   *   audience, expired, without an expiry or without a subject
   * @throws IssuerUnavailable if the issuer's keys are unavailable
   */
  async verifyAccessToken(token: string): Promise<AuthInfo> {
    const payload = await this.#verify(token);
    const { iss, sub, exp = 0 } = payload;
    // The client ID is not a substitute: all users of one host would become one owner.
    if (typeof sub !== 'string' || sub === '') throw noSubject(sub);
    return {
      token,
      clientId: text(payload['client_id']) ?? text(payload['azp']) ?? '',
      scopes: scopes(payload),
      // This server rejects the token from this moment on.
      expiresAt: exp + CLOCK_TOLERANCE,
      extra: { iss, sub },
    };
  }

  async #verify(token: string): Promise<JWTPayload> {
    try {
      const { payload } = await jwtVerify(token, this.#keys, {
        issuer: this.issuer.issuer,
        audience: this.audience,
        algorithms: ASYMMETRIC,
        clockTolerance: CLOCK_TOLERANCE,
        requiredClaims: ['exp'],
      });
      return payload;
    } catch (error) {
      // jose's messages name the claim but never quote the token.
      if (error instanceof errors.JOSEError) throw invalid(error.message);
      throw error;
    }
  }
}

/**
 * Returns a lookup of the issuer's keys. It caches them for 10 minutes and fetches them again for an unknown key, at
 * most every 30 s.
 */
function issuerKeys({ issuer, jwks_uri: uri }: IssuerMetadata, logger: Logger): JWTVerifyGetKey {
  const keys = createRemoteJWKSet(new URL(uri), { timeoutDuration: KEYS_DEADLINE });
  return async (header, jws) => {
    try {
      return await keys(header, jws);
    } catch (error) {
      if (TOKEN_FAULTS.some((fault) => error instanceof fault)) throw error;
      logger.warn({ issuer, err: error }, "failed to fetch the issuer's keys");
      throw new IssuerUnavailable('cannot verify the token because its issuer is not responding; try again');
    }
  };
}

/** Returns the scopes of a token. RFC 9068 has `scope`; some issuers use `scp`, and some a list. */
function scopes({ scope, scp }: JWTPayload): string[] {
  const granted = scope ?? scp;
  if (Array.isArray(granted)) return granted.filter((one): one is string => typeof one === 'string');
  return text(granted)?.split(' ').filter(Boolean) ?? [];
}

function text(claim: unknown): string | undefined {
  return typeof claim === 'string' ? claim : undefined;
}

function noSubject(sub: unknown): OAuthError {
  return invalid(
    sub === undefined || sub === ''
      ? 'the token has no subject (sub), which is needed to own tasks'
      : "the token's subject (sub) is not a string, so it cannot own tasks",
  );
}

function invalid(message: string): OAuthError {
  return new OAuthError(OAuthErrorCode.InvalidToken, message);
}
