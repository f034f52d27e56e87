/**
 * A string in the shipped workflow's code that identifies workflow bundles containing it. It has a file of its own
 * because sharing one would put it into bundles without that workflow.
 * @module
 */
export const TOOL_WORKFLOW_MARK = 'mcp-tasks-temporal: no activity for tool';
