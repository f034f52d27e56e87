/**
 * Decodes payloads. Codecs may be slow or unavailable, and payloads written by others may have any encoding. These
 * cases have different errors, so that only the content of an unreadable payload is lost.
 * @module
 */
import type { Payload, ProtoFailure, SerializationContext } from '@temporalio/common';
import { isMcpTasksError, McpTasksError } from '../../task/errors.js';
import type { Calls } from './calls.js';
import { decode, decodeFailure, ExternalStorageRunner, isReferencePayload } from '../seam.js';

type Payloads = readonly Payload[] | null | undefined;

/**
 * Decodes payloads to values.
 * @throws McpTasksError `PAYLOAD_UNREADABLE` if this process or its codec does not know the encoding, `CODEC_FAILED`,
 * `CONFIGURATION` if a codec server refuses, `TEMPORAL_UNAVAILABLE` if a codec takes too long
 */
export async function valuesOf(
  calls: Calls,
  payloads: Payloads,
  until: number,
  context?: SerializationContext,
): Promise<unknown[]> {
  if (!payloads?.length) return [];
  const { payloadConverter, payloadCodecs, externalStorage } = calls.client.options.loadedDataConverter;
  if (!externalStorage && payloads.some(isReferencePayload)) throw unreadable('a reference to external storage');
  const decoded = await passing(calls, until, async () => {
    const stored = externalStorage
      ? await new ExternalStorageRunner(externalStorage).retrieve([...payloads])
      : [...payloads];
    return await decode(payloadCodecs, stored, context);
  });
  return decoded.map((payload) => {
    try {
      return payloadConverter.fromPayload<unknown>(payload, context);
    } catch (error) {
      throw unreadable(Buffer.from(payload.metadata?.['encoding'] ?? []).toString() || 'none', error);
    }
  });
}

/**
 * Converts a failure to an error, without its details if those cannot be read.
 * @throws McpTasksError `CODEC_FAILED`, `CONFIGURATION` if a codec server refuses, `TEMPORAL_UNAVAILABLE` if a codec
 * takes too long
 */
export async function failureOf(
  calls: Calls,
  failure: ProtoFailure,
  until: number,
  context?: SerializationContext,
): Promise<Error> {
  const { payloadConverter, payloadCodecs, failureConverter } = calls.client.options.loadedDataConverter;
  for (const readable of [failure, withoutDetails(failure), { message: failure.message ?? null }]) {
    try {
      const decoded: ProtoFailure = await passing(
        calls,
        until,
        async () => await decodeFailure(payloadCodecs, readable, context),
      );
      return failureConverter.failureToError(decoded, payloadConverter, context);
    } catch (error) {
      if (isMcpTasksError(error) && error.code !== 'PAYLOAD_UNREADABLE') throw error;
      // Part of it has an encoding that this process or its codec does not know. Try with less.
    }
  }
  return new Error(failure.message ?? '');
}

/** Runs codec work. A codec that fails may succeed later, so its failure becomes the retryable `CODEC_FAILED`. */
async function passing<T>(calls: Calls, until: number, fn: () => Promise<T>): Promise<T> {
  try {
    return await calls.run(until, fn);
  } catch (error) {
    throw isMcpTasksError(error)
      ? error
      : new McpTasksError('CODEC_FAILED', 'The payload codec failed. The task is not affected; try again.', {
          cause: error,
        });
  }
}

function unreadable(encoding: string, cause?: unknown): McpTasksError {
  return new McpTasksError(
    'PAYLOAD_UNREADABLE',
    `This server does not know the encoding of a payload (${encoding}). Retrying won't help: its operator must configure the data converter or codec that the workers use.`,
    { cause },
  );
}

function withoutDetails(failure: ProtoFailure): ProtoFailure {
  const {
    cause,
    applicationFailureInfo: application,
    timeoutFailureInfo: timeout,
    canceledFailureInfo: cancelled,
    resetWorkflowFailureInfo: reset,
  } = failure;
  return {
    ...failure,
    ...(cause ? { cause: withoutDetails(cause) } : {}),
    ...(application ? { applicationFailureInfo: { ...application, details: null } } : {}),
    ...(timeout ? { timeoutFailureInfo: { ...timeout, lastHeartbeatDetails: null } } : {}),
    ...(cancelled ? { canceledFailureInfo: { ...cancelled, details: null } } : {}),
    ...(reset ? { resetWorkflowFailureInfo: { ...reset, lastHeartbeatDetails: null } } : {}),
  };
}
