/**
 * The only file that imports what the Temporal SDK does not export: conversions that its own client and worker use, and
 * that have no public equivalent. test/temporal/seam.test.ts fails, naming the SDK's version, when one of them moves.
 * @module
 */
export { getGrpcStatusDetails } from '@temporalio/client/lib/helpers.js';
export {
  decode,
  decodeArrayFromPayloads,
  decodeFailure,
  encodeToPayloads,
  encodeToPayloadsWithContext,
} from '@temporalio/common/lib/internal-non-workflow/codec-helpers.js';
export { loadDataConverter } from '@temporalio/common/lib/internal-non-workflow/data-converter-helpers.js';
export { ExternalStorageRunner } from '@temporalio/common/lib/internal-non-workflow/external-storage-runner.js';
export {
  encodeReferencePayload,
  isReferencePayload,
} from '@temporalio/common/lib/internal-non-workflow/extstore-helpers.js';
export { splitProtoHostPort } from '@temporalio/common/lib/internal-non-workflow/parse-host-uri.js';
export { msToTs, optionalTsToMs } from '@temporalio/common/lib/time.js';
