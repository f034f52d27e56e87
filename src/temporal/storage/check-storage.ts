/** Checks that external storage works in this installation. @module */
import { StorageDriverClaim, type DataConverter } from '@temporalio/common';
import { McpTasksError } from '../../task/errors.js';
import { encodeReferencePayload } from '../seam.js';

/**
 * Throws if the data converter has external storage that the SDK cannot use here: it needs one copy of `protobufjs` 8
 * for all of its packages, but npm may have installed several. Otherwise each large payload would fail with nothing but
 * "type must be a Type".
 * @throws McpTasksError `CONFIGURATION`
 */
export function checkStorage({ externalStorage }: DataConverter = {}): void {
  if (!externalStorage) return;
  try {
    encodeReferencePayload({ driverName: 'test', claim: new StorageDriverClaim({}), sizeBytes: 0 });
  } catch (error) {
    throw new McpTasksError(
      'CONFIGURATION',
      'externalStorage: the packages @temporalio/common and @temporalio/proto have different copies of protobufjs, so references to external storage cannot be written. Run `npm install protobufjs@8`',
      { cause: error },
    );
  }
}
