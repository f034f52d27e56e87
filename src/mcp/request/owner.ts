/** Whose a task is: the authorization context of the request that created it. @module */
import { userInfo } from 'node:os';
import { McpTasksError } from '../../task/errors.js';

/** What a token verifier found out about a request's access token: what both MCP SDKs call `AuthInfo`. */
export interface AuthInfo {
  readonly token: string;
  readonly clientId: string;
  readonly scopes: string[];
  /** Seconds since 1970. */
  readonly expiresAt?: number;
  readonly resource?: URL;
  readonly extra?: Record<string, unknown>;
}

export interface Owner {
  readonly id: string;
  /** Whether this owner is one requestor, who may list their tasks; all anonymous requestors are one owner. */
  readonly mayList: boolean;
}

/** Names the owner a verified token stands for; `undefined` for a request without one. Must be stable for the life of their tasks. */
export type OwnerRule = (authInfo: AuthInfo | undefined) => string;

const ANONYMOUS: Owner = { id: 'anonymous', mayList: false };

/**
 * The owner of an HTTP request. Without a rule: the token's issuer and subject, which the token verifier puts into
 * `authInfo.extra` as `iss` and `sub`; without a token, anonymous, where only the unguessable ID protects a task.
 *
 * @throws McpTasksError `CONFIGURATION` for a token that names no subject: its client ID would merge all users of one host
 */
export function httpOwner(rule: OwnerRule | undefined, authInfo: AuthInfo | undefined): Owner {
  if (rule) return { id: `rule\0${rule(authInfo)}`, mayList: true };
  if (!authInfo) return ANONYMOUS;
  const { iss, sub } = authInfo.extra ?? {};
  if (typeof iss !== 'string' || typeof sub !== 'string') {
    throw new McpTasksError(
      'CONFIGURATION',
      'the access token names no issuer and subject: have the verifier put them into authInfo.extra.iss and .sub, or set the `owner` option',
    );
  }
  return { id: `token\0${iss}\0${sub}`, mayList: true };
}

/** Over stdio the requestor is the user whose process this is. */
export function stdioOwner(rule: OwnerRule | undefined): Owner {
  return { id: rule ? `rule\0${rule(undefined)}` : `user\0${userName()}`, mayList: true };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // Containers run under user IDs that have no name.
    return String(process.getuid?.());
  }
}
