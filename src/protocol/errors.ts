/** JSON-RPC errors. @module */
import type { RpcError } from '../task/task.js';

export const RPC = {
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  missingClientCapability: -32021,
  serverError: -32000,
  /** This package's own, from the range that MCP leaves to implementations. */
  limitExceeded: -32010,
} as const;

/** A JSON-RPC error to answer with. Both SDKs send an error that has a code unchanged. */
export class RpcFault extends Error {
  override readonly name = 'RpcFault';

  constructor(
    readonly code: number,
    message: string,
    readonly data?: unknown,
  ) {
    super(message);
  }
}

/** The client must send a new access token. Over HTTP the status is 401. */
export class InvalidToken extends RpcFault {
  constructor(message: string) {
    super(RPC.serverError, message);
  }
}

/** What the `data` of a {@link LimitExceeded} says. */
export type LimitData = {
  /** When to send the request again, in milliseconds. */
  readonly retryAfterMs: number;
  /** The limit's name. */
  readonly limit: string;
  readonly allowed: number;
};

/** The caller, or the whole server, has reached a limit. The request changed nothing. Over HTTP the status is 429. */
export class LimitExceeded extends RpcFault {
  constructor(
    message: string,
    override readonly data: LimitData,
  ) {
    super(RPC.limitExceeded, message, data);
  }
}

export function rpcFault({ code, message, data }: RpcError): RpcFault {
  return new RpcFault(code, message, data);
}

export function methodNotFound(message: string): RpcFault {
  return new RpcFault(RPC.methodNotFound, message);
}

export function invalidParams(message: string): RpcFault {
  return new RpcFault(RPC.invalidParams, message);
}

/** The reason a request's signal is aborted when its client explicitly cancelled it, rather than just disconnecting. */
export class CancelledByClient extends Error {
  override readonly name = 'CancelledByClient';

  constructor() {
    super('the client has cancelled the request');
  }
}
