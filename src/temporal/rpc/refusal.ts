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
  FAILED_PRECONDITION: 9,
  UNIMPLEMENTED: 12,
  UNAUTHENTICATED: 16,
} as const;

/** Messages for clients, who cannot fix the problem. The error's cause, which goes to the log, has the details. */
const REFUSALS: Readonly<Record<number, string>> = {
  [GRPC.PERMISSION_DENIED]:
    'Temporal does not permit this server to do that (PERMISSION_DENIED). Trying again does not help: the operator has to give the server the right, and finds in its log what was refused',
  [GRPC.UNAUTHENTICATED]:
    'Temporal does not accept the credentials of this server (UNAUTHENTICATED). Trying again does not help: the operator has to renew its API key or certificate',
  [GRPC.INVALID_ARGUMENT]:
    'Temporal does not take this request (INVALID_ARGUMENT). Trying again does not help: the log of the server says why',
  [GRPC.UNIMPLEMENTED]:
    "What is at Temporal's address does not know this request (UNIMPLEMENTED). Trying again does not help: the operator has to correct the address, or to upgrade the cluster",
};
const NO_NAMESPACE =
  'Temporal does not have the namespace that this server is configured for. Trying again does not help: the operator has to create it, or to name another';

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
