/** A task's owner: the authorization context of the request that created it. @module */
import { userInfo } from 'node:os';
import { InvalidToken } from '../../protocol/errors.js';
import type { Owner } from '../../protocol/request.js';
import { McpTasksError } from '../../task/errors.js';

/** A token verifier's findings about a request's access token. Matches `AuthInfo` of both MCP SDKs. */
export interface AuthInfo {
  readonly token: string;
  readonly clientId: string;
  readonly scopes: string[];
  /** Seconds since 1970. */
  readonly expiresAt?: number;
  readonly resource?: URL;
  readonly extra?: Record<string, unknown>;
}

/**
 * Returns the name of the owner that a verified token stands for: a non-empty string. A request without a token passes
 * `undefined`. The name must stay the same for as long as the owner's tasks live. If the rule throws, the request is
 * refused.
 */
export type OwnerRule = (authInfo: AuthInfo | undefined) => string;

const ANONYMOUS: Owner = { id: 'anonymous', mayList: false, authenticated: false };

/**
 * Returns the owner of an HTTP request. Without a rule, the token's issuer and subject name the owner; the token
 * verifier puts them into `authInfo.extra` as `iss` and `sub`. Without a token, the owner is anonymous, and only the
 * unguessable ID protects a task.
 *
 * @throws McpTasksError `CONFIGURATION` if the token lacks an issuer or a subject: falling back to its client ID would
 * merge all users of one host; also if the rule returns no name
 * @throws InvalidToken if they are not strings, or empty
 */
export function httpOwner(rule: OwnerRule | undefined, authInfo: AuthInfo | undefined): Owner {
  if (rule) return ownerByRule(rule, authInfo);
  if (!authInfo) return ANONYMOUS;
  const { iss, sub } = authInfo.extra ?? {};
  if (iss === undefined || sub === undefined) {
    throw new McpTasksError(
      'CONFIGURATION',
      'the access token has no issuer or no subject: have the verifier put them into authInfo.extra.iss and .sub, or set the `owner` option',
    );
  }
  if (!isName(iss) || !isName(sub))
    throw new InvalidToken("the token's issuer (iss) and subject (sub) must be non-empty strings");
  return { id: `token\0${iss}\0${sub}`, mayList: true, authenticated: true };
}

/** Returns the owner of requests over stdio: the user who runs this process, unless a rule names another. */
export function stdioOwner(rule: OwnerRule | undefined): Owner {
  return rule ? ownerByRule(rule, undefined) : { id: `user\0${userName()}`, mayList: true, authenticated: false };
}

function isName(claim: unknown): claim is string {
  return typeof claim === 'string' && claim !== '';
}

/** Without this check, a rule in JavaScript that returns `undefined` or a promise would make all callers one owner. */
function ownerByRule(rule: OwnerRule, authInfo: AuthInfo | undefined): Owner {
  const name: unknown = rule(authInfo);
  if (typeof name === 'string' && name !== '')
    return { id: `rule\0${name}`, mayList: true, authenticated: authInfo !== undefined };
  throw new McpTasksError(
    'CONFIGURATION',
    'the `owner` option must return a non-empty string. It cannot be async: do asynchronous work in the token verifier. If a request has no owner, throw',
  );
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // Containers may run under a user ID that has no name.
    return String(process.getuid?.());
  }
}
