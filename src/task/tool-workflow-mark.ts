/**
 * A text of the shipped workflow's code, by which a workflow bundle that contains it is known. In a file of its own,
 * because any other that it shared would bring it into bundles without that workflow.
 * @module
 */
export const TOOL_WORKFLOW_MARK = 'mcp-tasks-temporal: no activity for tool';
