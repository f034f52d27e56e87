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

/** The parts of a failure that can be read, from all of it down to the least. `why` says what is wrong with the rest. */
const READABLE: readonly ((failure: ProtoFailure, why: string) => ProtoFailure)[] = [
  (failure) => failure,
  withoutDetails,
  (failure, why) => withoutMessage(withoutDetails(failure), why),
  ({ message }) => ({ message: message ?? null }),
];

/**
 * Converts a failure to an error, without its details and message if those cannot be read.
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
  let why = '';
  for (const readable of READABLE) {
    try {
      const decoded: ProtoFailure = await passing(
        calls,
        until,
        async () => await decodeFailure(payloadCodecs, readable(failure, why), context),
      );
      return failureConverter.failureToError(decoded, payloadConverter, context);
    } catch (error) {
      if (isMcpTasksError(error) && error.code !== 'PAYLOAD_UNREADABLE') throw error;
      // Part of it has an encoding that this process or its codec does not know. Try with less.
      if (isMcpTasksError(error)) why = ` ${error.message}`;
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
    `This server does not know the encoding of a payload (${encoding}). Retrying won't help: its operator must configure the data converter, codec or encryption keys that the workers use.`,
    { cause },
  );
}

/** Replaces the messages that are in a payload, as they are if the workers encrypt them. */
function withoutMessage(failure: ProtoFailure, why: string): ProtoFailure {
  const { cause, encodedAttributes } = failure;
  return {
    ...failure,
    ...(cause ? { cause: withoutMessage(cause, why) } : {}),
    ...(encodedAttributes ? { encodedAttributes: null, message: `The message cannot be read.${why}` } : {}),
  };
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
