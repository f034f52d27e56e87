/** Access tokens that are JWTs, verified with the keys that their issuer publishes. @module */
import { OAuthError, OAuthErrorCode, type AuthInfo, type OAuthTokenVerifier } from '@modelcontextprotocol/server';
import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import type { Logger } from '../local/log.js';
import type { IssuerMetadata } from './issuer.js';

/** How far apart this machine's clock and the issuer's may be, in seconds. */
const CLOCK_TOLERANCE = 5;
/** How long the issuer may take to answer with its keys, in milliseconds. */
const KEYS_DEADLINE = 3_000;
/** With a shared secret, whoever verifies tokens could also make them. */
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
/** What can be wrong with a token where its key is looked for; anything else is wrong with the issuer. */
const TOKEN_FAULTS = [errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, errors.JOSENotSupported];

/** Nothing is wrong with the token, as far as that can be told. */
export class IssuerUnavailable extends Error {
  override readonly name = 'IssuerUnavailable';
}

export class JwtVerifier implements OAuthTokenVerifier {
  readonly #keys: JWTVerifyGetKey;

  /** @param audience what a token's `aud` has to name: one of these */
  constructor(
    private readonly issuer: IssuerMetadata,
    private readonly audience: string[],
    logger: Logger,
  ) {
    this.#keys = issuerKeys(issuer, logger);
  }

  /**
   * @throws OAuthError `invalid_token` for a token that is not this issuer's, not for this audience, expired or without a
   *   subject
   * @throws IssuerUnavailable if the issuer's keys cannot be had
   */
  async verifyAccessToken(token: string): Promise<AuthInfo> {
    const payload = await this.#verify(token);
    const { iss, sub, exp = 0 } = payload;
    // Its client's ID would be no substitute: all users of one host would be one owner.
    if (!sub) throw invalid('the token names no subject (sub), whose the tasks would be');
    return {
      token,
      clientId: text(payload['client_id']) ?? text(payload['azp']) ?? '',
      scopes: scopes(payload),
      // The moment from which it is refused here.
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
      // Messages of jose name the claim and never quote the token.
      if (error instanceof errors.JOSEError) throw invalid(error.message);
      throw error;
    }
  }
}

/** Cached, fetched again for a key that is not among them, though not more often than every 30 s. */
function issuerKeys({ issuer, jwks_uri: uri }: IssuerMetadata, logger: Logger): JWTVerifyGetKey {
  const keys = createRemoteJWKSet(new URL(uri), { timeoutDuration: KEYS_DEADLINE });
  return async (header, jws) => {
    try {
      return await keys(header, jws);
    } catch (error) {
      if (TOKEN_FAULTS.some((fault) => error instanceof fault)) throw error;
      logger.warn({ issuer, err: error }, "the issuer's keys cannot be fetched");
      throw new IssuerUnavailable('the token cannot be verified now, because its issuer does not answer; try again');
    }
  };
}

/** `scope` by RFC 9068; some issuers call it `scp`, and some make a list of it. */
function scopes({ scope, scp }: JWTPayload): string[] {
  const granted = scope ?? scp;
  if (Array.isArray(granted)) return granted.filter((one): one is string => typeof one === 'string');
  return text(granted)?.split(' ').filter(Boolean) ?? [];
}

function text(claim: unknown): string | undefined {
  return typeof claim === 'string' ? claim : undefined;
}

function invalid(message: string): OAuthError {
  return new OAuthError(OAuthErrorCode.InvalidToken, message);
}
