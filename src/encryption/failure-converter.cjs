/**
 * The failure converter for encrypted payloads: it puts messages and stack traces into a payload, so that the codec
 * encrypts them. CommonJS, because Temporal's SDK loads it with `require` and bundles it with the workflows.
 * @module
 */
const { DefaultFailureConverter } = require('@temporalio/common');

exports.failureConverter = Object.assign(new DefaultFailureConverter({ encodeCommonAttributes: true }), {
  // Identifies workflow bundles that contain this file: see failure-converter.ts.
  mark: 'mcp-tasks-temporal: encoded failures',
});
