/** All tests, by the ID of the rule they test. @module */
import type { Test } from '../suite/context.js';
import { accessTests, listingTests } from './access.js';
import { capabilityTests, toolTests } from './capabilities.js';
import { cancellationTests, errorTests } from './cancellation.js';
import { inputTests } from './input.js';
import { lifecycleTests } from './lifecycle.js';
import { messageTests } from './messages.js';
import { resultTests } from './results.js';
import { sendingTests } from './sending.js';
import { streamTests } from './streams.js';

export const tests: Readonly<Record<string, Test>> = {
  ...capabilityTests,
  ...toolTests,
  ...lifecycleTests,
  ...inputTests,
  ...messageTests,
  ...resultTests,
  ...cancellationTests,
  ...errorTests,
  ...listingTests,
  ...accessTests,
  ...sendingTests,
  ...streamTests,
};
