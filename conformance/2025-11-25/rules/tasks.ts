/**
 * The rules of the specification's page on tasks, in its order.
 * The text is © the MCP contributors, CC-BY-4.0.
 * @module
 */
import { OPERATION, PERMISSION, REQUESTOR, section } from './rule.js';

export const taskRules = [
  ...section('Capabilities', [
    [
      'capabilities-1',
      'MUST',
      'Servers and clients that support task-augmented requests MUST declare a `tasks` capability during initialization.',
    ],
    [
      'capabilities-2',
      'statement',
      'The `tasks` capability is structured by request category, with boolean properties indicating which specific request types support task augmentation.',
    ],
  ]),
  ...section('Capability Negotiation', [
    [
      'capabilities-3',
      'SHOULD',
      'Requestors SHOULD only augment requests with a task if the corresponding capability has been declared by the receiver.',
      { sameAs: 'capabilities-4' },
    ],
    [
      'capabilities-4',
      'SHOULD NOT',
      'If `capabilities.tasks` is not defined, the peer SHOULD NOT attempt to create tasks during requests.',
    ],
    [
      'capabilities-5',
      'statement',
      'The set of capabilities in `capabilities.tasks.requests` is exhaustive. If a request type is not present, it does not support task-augmentation.',
      { sameAs: 'support-1' },
    ],
    [
      'capabilities-6',
      'statement',
      '`capabilities.tasks.list` controls if the `tasks/list` operation is supported by the party.',
    ],
    [
      'capabilities-7',
      'statement',
      '`capabilities.tasks.cancel` controls if the `tasks/cancel` operation is supported by the party.',
    ],
  ]),
  ...section('Tool-Level Negotiation', [
    [
      'tools-1',
      'statement',
      'In the result of `tools/list`, tools declare support for tasks via `execution.taskSupport`, which if present can have a value of `"required"`, `"optional"`, or `"forbidden"`.',
    ],
    [
      'tools-2',
      'MUST NOT',
      "If a server's capabilities do not include `tasks.requests.tools.call`, then clients MUST NOT attempt to use task augmentation on that server's tools, regardless of the `execution.taskSupport` value.",
      REQUESTOR,
    ],
    [
      'tools-3',
      'MUST NOT',
      'If `execution.taskSupport` is not present or `"forbidden"`, clients MUST NOT attempt to invoke the tool as a task.',
      REQUESTOR,
    ],
    [
      'tools-4',
      'SHOULD',
      'Servers SHOULD return a `-32601` (Method not found) error if a client attempts to do so. This is the default behavior.',
    ],
    [
      'tools-5',
      'MAY',
      'If `execution.taskSupport` is `"optional"`, clients MAY invoke the tool as a task or as a normal request.',
    ],
    [
      'tools-6',
      'MUST',
      'If `execution.taskSupport` is `"required"`, clients MUST invoke the tool as a task.',
      REQUESTOR,
    ],
    [
      'tools-7',
      'MUST',
      'Servers MUST return a `-32601` (Method not found) error if a client does not attempt to do so.',
    ],
  ]),
  ...section('Creating Tasks', [
    [
      'create-1',
      'MAY',
      'Requestors MAY include a `ttl` value indicating the desired task lifetime duration (in milliseconds) since its creation.',
    ],
    ['create-2', 'statement', 'The response does not include the actual operation result.'],
  ]),
  ...section('Getting Tasks', [
    [
      'get-1',
      'MAY',
      'In the Streamable HTTP (SSE) transport, clients MAY disconnect from an SSE stream opened by the server in response to a `tasks/get` request at any time.',
      {
        untested:
          'an answer that is not awaited comes too soon to be interrupted for certain; result-disconnect tests the same where the server has to wait',
      },
    ],
    [
      'get-2',
      'MUST',
      'While this note is not prescriptive regarding the specific usage of SSE streams, all implementations MUST continue to comply with the existing Streamable HTTP transport specification.',
      { untested: 'appears three times on the page and only refers to the rules on transports' },
    ],
    [
      'get-3',
      'SHOULD',
      'Requestors SHOULD respect the `pollInterval` provided in responses when determining polling frequency.',
      REQUESTOR,
    ],
    [
      'get-4',
      'SHOULD',
      'Requestors SHOULD continue polling until the task reaches a terminal status (`completed`, `failed`, or `cancelled`), or until encountering the `input_required` status.',
      REQUESTOR,
    ],
    [
      'get-5',
      'SHOULD',
      'Note that invoking `tasks/result` does not imply that the requestor needs to stop polling - requestors SHOULD continue polling the task status via `tasks/get` if they are not actively waiting for `tasks/result` to complete.',
      REQUESTOR,
    ],
  ]),
  ...section('Retrieving Task Results', [
    [
      'result-disconnect',
      'MAY',
      'In the Streamable HTTP (SSE) transport, clients MAY disconnect from an SSE stream opened by the server in response to a `tasks/result` request at any time.',
    ],
    [
      'result-structure',
      'statement',
      'The result structure matches the original request type (e.g., `CallToolResult` for `tools/call`).',
    ],
    [
      'result-parallel',
      'statement',
      'While `tasks/result` blocks until the task reaches a terminal status, requestors can continue polling via `tasks/get` in parallel if they are not actively blocked waiting for the result.',
    ],
  ]),
  ...section('Task Status Notification', [
    [
      'status-notification-1',
      'MAY',
      'When a task status changes, receivers MAY send a `notifications/tasks/status` notification to inform the requestor of the change.',
      { sameAs: 'notifications-1' },
    ],
    [
      'status-notification-2',
      'statement',
      'The notification includes the full `Task` object, including the updated `status` and `statusMessage` (if present).',
      { sameAs: 'notifications-1' },
    ],
    [
      'status-notification-3',
      'MUST NOT',
      'Requestors MUST NOT rely on receiving this notifications, as it is optional.',
      REQUESTOR,
    ],
    [
      'status-notification-4',
      'SHOULD',
      'Requestors SHOULD continue to poll via `tasks/get` to ensure they receive status updates.',
      REQUESTOR,
    ],
  ]),
  ...section('Task Support and Handling', [
    [
      'support-1',
      'MUST',
      'Receivers that do not declare the task capability for a request type MUST process requests of that type normally, ignoring any task-augmentation metadata if present.',
    ],
    [
      'support-2',
      'MAY',
      'Receivers that declare the task capability for a request type MAY return an error for non-task-augmented requests, requiring requestors to use task augmentation.',
      PERMISSION,
    ],
  ]),
  ...section('Task ID Requirements', [
    ['task-ids-1', 'MUST', 'Task IDs MUST be a string value.'],
    ['task-ids-2', 'MUST', 'Task IDs MUST be generated by the receiver when creating a task.'],
    ['task-ids-3', 'MUST', 'Task IDs MUST be unique among all tasks controlled by the receiver.'],
  ]),
  ...section('Task Status Lifecycle', [
    ['status-1', 'MUST', 'Tasks MUST begin in the `working` status when created.'],
    [
      'status-2',
      'MUST',
      'Receivers MUST only transition tasks through the following valid paths: From `working`: may move to `input_required`, `completed`, `failed`, or `cancelled`. From `input_required`: may move to `working`, `completed`, `failed`, or `cancelled`.',
    ],
    [
      'status-3',
      'MUST NOT',
      'Tasks with a `completed`, `failed`, or `cancelled` status are in a terminal state and MUST NOT transition to any other status.',
    ],
  ]),
  ...section('Input Required Status', [
    [
      'input-1',
      'SHOULD',
      'Servers have flexibility in how they manage SSE streams during task polling and result retrieval, and clients SHOULD expect messages to be delivered on any SSE stream, including the HTTP GET stream.',
      REQUESTOR,
    ],
    [
      'input-2',
      'SHOULD NOT',
      'Where possible, servers SHOULD NOT upgrade to an SSE stream in response to a `tasks/get` request, as the client has indicated it wishes to poll for a result.',
    ],
    [
      'input-3',
      'SHOULD',
      'When the task receiver has messages for the requestor that are necessary to complete the task, the receiver SHOULD move the task to the `input_required` status.',
    ],
    [
      'input-4',
      'MUST',
      'The receiver MUST include the `io.modelcontextprotocol/related-task` metadata in the request to associate it with the task.',
    ],
    [
      'input-5',
      'SHOULD',
      'When the requestor encounters the `input_required` status, it SHOULD preemptively call `tasks/result`.',
      REQUESTOR,
    ],
    [
      'input-6',
      'SHOULD',
      'When the receiver receives all required input, the task SHOULD transition out of `input_required` status (typically back to `working`).',
    ],
  ]),
  ...section('SEP-1686, Input Required Status', [
    [
      'input-7',
      'SHOULD',
      'If multiple related requests are pending, the task SHOULD remain in `input_required` status until all are resolved.',
    ],
  ]),
  ...section('TTL and Resource Management', [
    [
      'ttl-1',
      'MUST',
      'Receivers MUST include a `createdAt` ISO 8601-formatted timestamp in all task responses to indicate when the task was created.',
    ],
    [
      'ttl-2',
      'MUST',
      'Receivers MUST include a `lastUpdatedAt` ISO 8601-formatted timestamp in all task responses to indicate when the task was last updated.',
    ],
    ['ttl-3', 'MAY', 'Receivers MAY override the requested `ttl` duration.', PERMISSION],
    [
      'ttl-4',
      'MUST',
      'Receivers MUST include the actual `ttl` duration (or `null` for unlimited) in `tasks/get` responses.',
    ],
    [
      'ttl-5',
      'MAY',
      "After a task's `ttl` lifetime has elapsed, receivers MAY delete the task and its results, regardless of the task status.",
      PERMISSION,
    ],
    [
      'ttl-6',
      'MAY',
      'Receivers MAY include a `pollInterval` value (in milliseconds) in `tasks/get` responses to suggest polling intervals.',
    ],
    ['ttl-7', 'SHOULD', 'Requestors SHOULD respect this value when provided.', REQUESTOR],
  ]),
  ...section('Result Retrieval', [
    [
      'result-1',
      'MUST',
      'Receivers that accept a task-augmented request MUST return a `CreateTaskResult` as the response.',
    ],
    ['result-2', 'SHOULD', 'This result SHOULD be returned as soon as possible after accepting the task.'],
    [
      'result-3',
      'MUST',
      'When a receiver receives a `tasks/result` request for a task in a terminal status (`completed`, `failed`, or `cancelled`), it MUST return the final result of the underlying request, whether that is a successful result or a JSON-RPC error.',
    ],
    [
      'result-4',
      'MUST',
      'When a receiver receives a `tasks/result` request for a task in any other non-terminal status (`working` or `input_required`), it MUST block the response until the task reaches a terminal status.',
    ],
    [
      'result-5',
      'MUST',
      'For tasks in a terminal status, receivers MUST return from `tasks/result` exactly what the underlying request would have returned, whether that is a successful result or a JSON-RPC error.',
    ],
  ]),
  ...section('Associating Task-Related Messages', [
    [
      'related-1',
      'MUST',
      'All requests, notifications, and responses related to a task MUST include the `io.modelcontextprotocol/related-task` key in their `_meta` field, with the value set to an object with a `taskId` matching the associated task ID.',
    ],
    [
      'related-2',
      'MUST',
      "For example, an elicitation that a task-augmented tool call depends on MUST share the same related task ID with that tool call's task.",
      { sameAs: 'input-4' },
    ],
    [
      'related-3',
      'MUST',
      'For the `tasks/get`, `tasks/result`, and `tasks/cancel` operations, the `taskId` parameter in the request MUST be used as the source of truth for identifying the target task.',
      { sameAs: 'related-5' },
    ],
    [
      'related-4',
      'SHOULD NOT',
      'Requestors SHOULD NOT include `io.modelcontextprotocol/related-task` metadata in these requests.',
      REQUESTOR,
    ],
    ['related-5', 'MUST', 'Receivers MUST ignore such metadata if present in favor of the RPC method parameter.'],
    [
      'related-6',
      'SHOULD NOT',
      'Similarly, for the `tasks/get`, `tasks/list`, and `tasks/cancel` operations, receivers SHOULD NOT include `io.modelcontextprotocol/related-task` metadata in the result messages, as the `taskId` is already present in the response structure.',
    ],
  ]),
  ...section('Task Notifications', [
    [
      'notifications-1',
      'MAY',
      "Receivers MAY send `notifications/tasks/status` notifications when a task's status changes.",
    ],
    [
      'notifications-2',
      'MUST NOT',
      'Requestors MUST NOT rely on receiving the `notifications/tasks/status` notification, as it is optional.',
      REQUESTOR,
    ],
    [
      'notifications-3',
      'SHOULD NOT',
      'When sent, the `notifications/tasks/status` notification SHOULD NOT include the `io.modelcontextprotocol/related-task` metadata, as the task ID is already present in the notification parameters.',
    ],
  ]),
  ...section('Task Progress Notifications', [
    [
      'progress-1',
      'statement',
      'The `progressToken` provided in the initial request remains valid throughout the task lifetime.',
    ],
  ]),
  ...section('Task Listing', [
    [
      'list-1',
      'SHOULD',
      'Receivers SHOULD use cursor-based pagination to limit the number of tasks returned in a single response.',
    ],
    ['list-2', 'MUST', 'Receivers MUST include a `nextCursor` in the response if more tasks are available.'],
    [
      'list-3',
      'MUST',
      'Requestors MUST treat cursors as opaque tokens and not attempt to parse or modify them.',
      REQUESTOR,
    ],
    [
      'list-4',
      'MUST',
      'If a task is retrievable via `tasks/get` for a requestor, it MUST be retrievable via `tasks/list` for that requestor.',
    ],
  ]),
  ...section('Task Cancellation', [
    [
      'cancel-1',
      'MUST',
      'Receivers MUST reject cancellation requests for tasks already in a terminal status (`completed`, `failed`, or `cancelled`) with error code `-32602` (Invalid params).',
    ],
    [
      'cancel-2',
      'SHOULD',
      'Upon receiving a valid cancellation request, receivers SHOULD attempt to stop the task execution',
      { untested: 'the protocol does not show whether the work behind a task stops' },
    ],
    ['cancel-3', 'MUST', 'and MUST transition the task to `cancelled` status before sending the response.'],
    [
      'cancel-4',
      'MUST',
      'Once a task is cancelled, it MUST remain in `cancelled` status even if execution continues to completion or fails.',
    ],
    [
      'cancel-5',
      'MAY',
      'However, receivers MAY delete cancelled tasks at their discretion at any time, including immediately after cancellation or after the task `ttl` expires.',
      PERMISSION,
    ],
    [
      'cancel-6',
      'SHOULD NOT',
      'Requestors SHOULD NOT rely on cancelled tasks being retained for any specific duration and should retrieve any needed information before cancelling.',
      REQUESTOR,
    ],
  ]),
  ...section('Task Status', [
    [
      'input-8',
      'statement',
      '`input_required`: The receiver needs input from the requestor. The requestor should call `tasks/result` to receive input requests, even though the task has not reached a terminal state.',
    ],
  ]),
  ...section('Related Task Metadata', [
    [
      'metadata-1',
      'MUST',
      'All requests, responses, and notifications associated with a task MUST include the `io.modelcontextprotocol/related-task` key in `_meta`.',
      { sameAs: 'related-1' },
    ],
    [
      'metadata-2',
      'SHOULD NOT',
      'For the `tasks/get`, `tasks/list`, and `tasks/cancel` operations, requestors and receivers SHOULD NOT include this metadata in their messages, as the `taskId` is already present in the message structure.',
      { sameAs: 'related-6' },
    ],
    [
      'metadata-3',
      'MUST',
      'The `tasks/result` operation MUST include this metadata in its response, as the result structure itself does not contain the task ID.',
    ],
  ]),
  ...section('Protocol Errors', [
    [
      'errors-1',
      'MUST',
      'Receivers MUST return standard JSON-RPC errors for the following protocol error cases: Invalid or nonexistent `taskId` in `tasks/get`, `tasks/result`, or `tasks/cancel`: `-32602` (Invalid params)',
    ],
    ['errors-2', 'MUST', 'Invalid or nonexistent cursor in `tasks/list`: `-32602` (Invalid params)'],
    [
      'errors-3',
      'MUST',
      'Attempt to cancel a task already in a terminal status: `-32602` (Invalid params)',
      { sameAs: 'cancel-1' },
    ],
    [
      'errors-4',
      'MUST',
      'Internal errors: `-32603` (Internal error)',
      { untested: 'no request makes a correct server fail internally' },
    ],
    [
      'errors-5',
      'MAY',
      'Additionally, receivers MAY return the following errors: Non-task-augmented request when receiver requires task augmentation for that request type: `-32600` (Invalid request)',
      PERMISSION,
    ],
    ['errors-6', 'SHOULD', 'Receivers SHOULD provide informative error messages to describe the cause of errors.'],
  ]),
  ...section('Task Execution Errors', [
    [
      'execution-1',
      'statement',
      'When the underlying request does not complete successfully, the task moves to the `failed` status. This includes JSON-RPC protocol errors during request execution, or for tool calls specifically, when the tool result has `isError` set to true.',
    ],
    [
      'execution-2',
      'SHOULD',
      'The `tasks/get` response SHOULD include a `statusMessage` field with diagnostic information about the failure.',
    ],
    [
      'execution-3',
      'statement',
      'For tasks that wrap tool call requests, when the tool result has `isError` set to `true`, the task should reach `failed` status.',
    ],
    [
      'execution-4',
      'MUST',
      'If the underlying request resulted in a JSON-RPC error, `tasks/result` MUST return that same JSON-RPC error.',
    ],
    [
      'execution-5',
      'MUST',
      'If the request completed with a JSON-RPC response, `tasks/result` MUST return a successful JSON-RPC response containing that result.',
    ],
  ]),
  ...section('Task Isolation and Access Control', [
    [
      'access-1',
      'MUST',
      'When an authorization context is provided, receivers MUST bind tasks to said context.',
      { sameAs: 'access-5' },
    ],
    [
      'access-2',
      'SHOULD',
      'In these scenarios, receivers SHOULD document this limitation clearly, as task results may be accessible to any requestor that can guess the task ID.',
      OPERATION,
    ],
    [
      'access-3',
      'MUST',
      'If context-binding is unavailable, receivers MUST generate cryptographically secure task IDs with enough entropy to prevent guessing and should consider using shorter TTL durations to reduce the exposure window.',
    ],
    [
      'access-4',
      'SHOULD NOT',
      'Furthermore, receivers that cannot identify requestors SHOULD NOT declare the `tasks.list` capability, as listing tasks would expose task metadata to any requestor regardless of task ID entropy.',
    ],
    [
      'access-5',
      'MUST',
      'If context-binding is available, receivers MUST reject `tasks/get`, `tasks/result`, and `tasks/cancel` requests for tasks that do not belong to the same authorization context as the requestor.',
    ],
    [
      'access-6',
      'MUST',
      "For `tasks/list` requests, receivers MUST ensure the returned task list includes only tasks associated with the requestor's authorization context.",
    ],
    [
      'access-7',
      'SHOULD',
      'Additionally, receivers SHOULD implement rate limiting on task operations to prevent denial-of-service and enumeration attacks.',
      { untested: 'the operator sets the limits, and probing for them would be an attack' },
    ],
  ]),
  ...section('Resource Management', [
    [
      'resources-1',
      'SHOULD',
      'Receivers SHOULD: Enforce limits on concurrent tasks per requestor',
      { untested: 'the operator sets the limits, and probing for them would be an attack' },
    ],
    ['resources-2', 'SHOULD', 'Enforce maximum `ttl` durations to prevent indefinite resource retention'],
    ['resources-3', 'SHOULD', 'Clean up expired tasks promptly to free resources'],
    ['resources-4', 'SHOULD', 'Document maximum supported `ttl` duration', OPERATION],
    ['resources-5', 'SHOULD', 'Document maximum concurrent tasks per requestor', OPERATION],
    ['resources-6', 'SHOULD', 'Implement monitoring and alerting for resource usage', OPERATION],
  ]),
  ...section('Audit and Logging', [
    [
      'audit-1',
      'SHOULD',
      'Receivers SHOULD: Log task creation, completion, and retrieval events for audit purposes',
      OPERATION,
    ],
    ['audit-2', 'SHOULD', 'Include auth context in logs when available', OPERATION],
    [
      'audit-3',
      'SHOULD',
      'Monitor for suspicious patterns (e.g., many failed task lookups, excessive polling)',
      OPERATION,
    ],
    ['audit-4', 'SHOULD', 'Requestors SHOULD: Log task lifecycle events for debugging and audit purposes', REQUESTOR],
    ['audit-5', 'SHOULD', 'Requestors SHOULD: Track task IDs and their associated operations', REQUESTOR],
  ]),
];
