/** The data converter of the worker that runs an activity. @module */
import type { Context } from '@temporalio/activity';
import { defaultDataConverter, type LoadedDataConverter } from '@temporalio/common';

/** Returns the worker's data converter. The mocked context of a test environment has none. */
export function converterOf(activity: Context): LoadedDataConverter {
  try {
    return activity.client.options.loadedDataConverter;
  } catch {
    return defaultDataConverter;
  }
}
