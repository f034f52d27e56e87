/** Recognizes gRPC errors with which Temporal refuses a request. Pure. @module */
import { isGrpcServiceError, ServiceError } from '@temporalio/client';
import { NamespaceNotFoundError } from '@temporalio/common';
import { McpTasksError } from '../../task/errors.js';
import { getGrpcStatusDetails } from '../seam.js';

/** gRPC status codes: https://grpc.io/docs/guides/status-codes/ */
export const GRPC = {
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  UNIMPLEMENTED: 12,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

/** Messages for clients, who cannot fix the problem. The error's cause, which goes to the log, has the details. */
const REFUSALS: Readonly<Record<number, string>> = {
  [GRPC.PERMISSION_DENIED]:
    "Temporal denied this request (PERMISSION_DENIED). Retrying won't help: an operator must grant this server the permission that its log names.",
  [GRPC.UNAUTHENTICATED]:
    "Temporal rejected this server's credentials (UNAUTHENTICATED). Retrying won't help: an operator must renew its API key or certificate.",
  [GRPC.INVALID_ARGUMENT]:
    "Temporal rejected this request as invalid (INVALID_ARGUMENT). Retrying won't help: the server's log says why.",
  [GRPC.UNIMPLEMENTED]:
    "The server at Temporal's address does not support this request (UNIMPLEMENTED). Retrying won't help: an operator must correct the address or upgrade the cluster.",
};
const NO_NAMESPACE =
  "Temporal has no namespace of the configured name. Retrying won't help: an operator must create the namespace or configure another.";

/** Returns the message for an error that retrying cannot fix; `undefined` for any other error. */
export function refusal(error: unknown): string | undefined {
  return isNamespaceMissing(error) ? NO_NAMESPACE : REFUSALS[grpcCode(error) ?? 0];
}

export function grpcCode(error: unknown): number | undefined {
  return grpcError(error)?.code;
}

export function grpcError(error: unknown) {
  const root = (error instanceof ServiceError || error instanceof McpTasksError) && error.cause ? error.cause : error;
  const grpc = root instanceof ServiceError && root.cause ? root.cause : root;
  return isGrpcServiceError(grpc) ? grpc : undefined;
}

/** Whether the namespace is missing. The status code alone does not tell: it is the same as for a missing workflow. */
export function isNamespaceMissing(error: unknown): boolean {
  const grpc = grpcError(error);
  return (
    error instanceof NamespaceNotFoundError ||
    (grpc !== undefined &&
      (getGrpcStatusDetails(grpc) ?? []).some(({ type_url: type }) => type?.endsWith('.NamespaceNotFoundFailure')))
  );
}
