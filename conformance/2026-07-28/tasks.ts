/** The rules of the tasks extension's page, in its order. The text is © the MCP contributors, CC-BY-4.0. @module */
import { CLIENT, OPERATION, page, PERMISSION } from './rule.js';

const DECLINED = 'test/server/tasks > 2026-07-28 > awaits other calls, and refuses those of tools that require tasks';
const ENDS = 'test/server/tasks > 2026-07-28 > a tool error completes the task, a TaskError fails it';
const EXACTLY = 'test/server/extension-rules > a task ends with exactly the result that the awaited call returns (%s)';
const PROJECTED = 'test/wire/projections > a task that %s > 2026-07-28';
const TOLD =
  'test/server/listen > over HTTP > acknowledges the tasks it follows, sends their state and each change, and ends when they do';
const PARTS =
  'test/server/input > several open questions can be answered one by one, and unknown, malformed or late answers are acknowledged and ignored';
const AGAIN =
  'test/server/input > asks again with the reason after an invalid answer, asks by URL and by sampling, and does not wait forever';
const KEYS =
  'test/server/extension-rules > every question gets a new key, and an answer to a superseded question is ignored';
const NOT_FOUND = 'test/server/extension-rules > errors > %s for a nonexistent task is -32602 with a clear message';
const OWN_ERROR = 'test/server/extension-rules > errors > an internal error is -32603 and reveals nothing (%s)';
const SUBSCRIBED =
  'test/server/extension-stdio > a subscription sends only what was requested, without progress or logs';
const UNDECLARED = 'test/server/listen > over HTTP > is refused for clients that do not declare the extension';
const ACKNOWLEDGED =
  'test/server/tasks > 2026-07-28 > acknowledges the cancellation of an ended task with an empty result';
const IGNORED =
  'test/server/extension-stdio > `notifications/cancelled` > is ignored for a task, for unknown or finished requests, and if malformed';
const AWAITED =
  'test/client/call-tool > client %s > resolves with the result of a task and reports its status on the way';
const ANSWERED = 'test/server/input > a host can answer with `onInput`';
const ANY_ORDER = 'test/server/properties > every random sequence of operations keeps the rules';
const BEFORE =
  'test/server/before-start > 2026-07-28 > answers with the question, and creates a task for the answer, at any replica';

export const taskRules = page('tasks', {
  'Capability Negotiation': [
    [
      'statement',
      'The client and server declare support for the tasks extension in their respective capabilities objects',
      {
        official: ['tasks-extension-advertised'],
        own: ['test/server/tasks > 2026-07-28 > advertises the extension as {} and has no tasks/result or tasks/list'],
      },
    ],
    [
      'MAY',
      'A server that has negotiated this extension MAY return `CreateTaskResult` in lieu of a standard result (e.g. `CallToolResult`) in response to any supported request at its own discretion and on a per-request basis.',
      { official: ['tasks-per-request-meta-opt-in', 'tasks-immediate-result-shortcut'] },
    ],
    [
      'statement',
      'The server is the sole decider; clients do not signal task preference on the request itself.',
      { official: ['tasks-server-directed-creation-no-hint', 'sep-2663-legacy-task-param-ignored'] },
    ],
    [
      'MUST NOT',
      'A server MUST NOT return `CreateTaskResult` to a client that did not include the extension capability on its request, regardless of prior declarations.',
      { official: ['sep-2663-server-rejects-undeclared-client'], own: [DECLINED] },
    ],
    [
      'MUST',
      'A client that has negotiated this extension MUST be prepared to handle either `CallToolResult` or `CreateTaskResult` in response to any supported request it issues.',
      {
        own: [
          AWAITED,
          'test/client/call-tool > client %s > throws the JSON-RPC error that a task ended with, and awaits calls that do not become tasks',
        ],
      },
    ],
    [
      'MUST',
      'A client that receives `CreateTaskResult` in response to an unsupported request type MUST interpret this as an invalid response to the request.',
      { untested: 'binds the client; `callTool` sends no request that could get this answer' },
    ],
    [
      'MUST',
      'If a server is unable to service a request to a client that does not declare this extension capability without returning `CreateTaskResult`, the server MUST return an error with the code `-32021` (Missing Required Client Capability), indicating the required extension in the error response',
      {
        official: [
          'sep-2663-server-returns-missing-capability-when-required',
          'sep-2663-server-returns-missing-capability-data-shape',
        ],
        own: [DECLINED],
      },
    ],
  ],
  'Supported Methods': [
    [
      'SHOULD',
      'implementations SHOULD be designed to accommodate additional request types in future revisions of this specification.',
      OPERATION,
    ],
  ],
  'Polymorphic Results': [
    [
      'MUST',
      'Servers MUST set `resultType` to `"task"` when returning a `CreateTaskResult` so that clients can distinguish it from a standard result.',
      { official: ['sep-2663-result-type-task-on-create'] },
    ],
    [
      'MUST NOT',
      'Servers MUST NOT set `resultType` to `"task"` on result types other than `CreateTaskResult`.',
      { official: ['tasks-result-type-complete-on-non-task-responses'] },
    ],
  ],
  Tasks: [
    [
      'statement',
      '`createdAt`: ISO 8601 timestamp when the task was created. `lastUpdatedAt`: ISO 8601 timestamp when the task was last updated. `ttlMs`: Time-to-live duration from creation in integer milliseconds, null for unlimited.',
      {
        official: ['tasks-wire-field-renames', 'wire-schema-valid'],
        own: ['test/wire/projections > each version has its own formats for times and intervals'],
      },
    ],
    [
      'statement',
      'The server may discard the task after the TTL elapses.',
      {
        official: ['tasks-no-early-ttl-expiry'],
        own: [
          'test/temporal/engine > the end > expires after its ttl, but not while it runs and not right after it ends',
        ],
      },
    ],
    ['MAY', '`statusMessage` MAY be exposed to the end-user or model.', PERMISSION],
    ['MAY', '`ttlMs`: This value MAY change over the lifetime of a task.', PERMISSION],
    ['SHOULD', '`pollIntervalMs`: Clients SHOULD honor this value to avoid overwhelming the server.', CLIENT],
    ['MAY', '`pollIntervalMs`: This value MAY change over the lifetime of a task.', PERMISSION],
  ],
  'Task Status': [
    [
      'statement',
      '`completed`: The request completed successfully and results are available in the `result` field. This includes tool calls that returned results with `isError: true`.',
      { official: ['sep-2663-tool-error-uses-completed-status'], own: [ENDS] },
    ],
    [
      'MUST NOT',
      '`failed`: This status MUST NOT be used for non-JSON-RPC errors.',
      { official: ['sep-2663-tool-error-uses-completed-status'], own: [ENDS] },
    ],
    [
      'statement',
      'Terminal states: completed, failed, cancelled',
      {
        own: [
          ANY_ORDER,
          'test/temporal/engine > the end > reads as cancelled from the request on, whatever the workflow does',
        ],
      },
    ],
  ],
  'Task Creation': [
    [
      'MUST NOT',
      'A server MUST NOT return `CreateTaskResult` until the task is durably created — that is, until a `tasks/get` for the returned `taskId` would resolve.',
      {
        official: ['sep-2663-durable-create-strong-consistency'],
        own: ['test/server/crash > a server that was killed and restarted serves the same task (%s)'],
      },
    ],
    [
      'MUST',
      'In eventually-consistent environments, the server MUST wait for consistency before responding.',
      { official: ['sep-2663-durable-create-strong-consistency'] },
    ],
    [
      'SHOULD',
      'Server implementations that use multi round-trip requests in conjunction with task creation (…) SHOULD resolve all MRTR exchanges synchronously before responding with a `CreateTaskResult`.',
      { official: ['sep-2663-mrtr-synchronous-before-task-creation'], own: [BEFORE] },
    ],
  ],
  'Task Polling': [
    [
      'SHOULD',
      'Clients SHOULD respect the `pollIntervalMs` provided in responses when determining polling frequency.',
      CLIENT,
    ],
    [
      'MAY',
      'Servers MAY rate-limit clients polling more frequently than the recorded `pollIntervalMs`.',
      { own: ['test/server/limits > limits reads of a task that come much faster than its poll interval'] },
    ],
    [
      'SHOULD',
      'Clients SHOULD continue polling until the task reaches a terminal status or until invoking `tasks/cancel`.',
      { own: [AWAITED, 'test/client/call-tool > client %s > cancels the task when its signal aborts'] },
    ],
    [
      'SHOULD',
      'Clients SHOULD persist task IDs to durable storage so that polling can resume after a crash or restart.',
      {
        own: [
          'test/client/resume > protocol negotiation %s > the next host resumes the task that a killed one was awaiting',
        ],
      },
    ],
    [
      'MUST',
      'Upon receiving a `tasks/get` request, the server MUST check the status of the task and respond accordingly',
      { own: [PROJECTED, ANY_ORDER] },
    ],
    [
      'MUST',
      'If the status is `working`, the server MUST return a a `Task` object with status `working`.',
      { official: ['sep-2663-tasks-get-status-working'] },
    ],
    [
      'MUST',
      'If the status is `input_required`, the server MUST return a `Task` object with status `input_required` and an `inputRequests` field',
      { official: ['sep-2663-tasks-get-status-input-required'], own: [PROJECTED] },
    ],
    [
      'MUST',
      'The `inputRequests` field MUST contain all outstanding requests from the server to the client that need to be fulfilled before the task can proceed.',
      { own: [PARTS] },
    ],
    [
      'MUST',
      'If the status is `completed`, the server MUST return a `Task` object with status `completed` and a `result` field containing the final result of the task.',
      { official: ['sep-2663-tasks-get-status-completed'], own: [EXACTLY] },
    ],
    [
      'MUST',
      'If the status is `cancelled`, the server MUST return a `Task` object with status `cancelled`.',
      { official: ['sep-2663-cancel-ack-empty-result'], own: [PROJECTED] },
    ],
    [
      'MUST',
      'If the status is `failed`, the server MUST return a `Task` object with status `failed` and the error that occurred during execution.',
      { official: ['sep-2663-tasks-get-status-failed'], own: [ENDS] },
    ],
    [
      'MUST',
      'The `resultType` field MUST be set to `"complete"` on this object as it is the standard result shape for the `tasks/get` request.',
      {
        official: ['tasks-result-type-complete-on-non-task-responses'],
        own: ['test/server/tasks > 2026-07-28 > creates a task for requests that declare the extension'],
      },
    ],
    ['MAY', 'If the task has a non-null `ttlMs`, clients MAY treat the TTL as a backstop', PERMISSION],
    ['MAY', 'the client MAY consider the task to no longer be usable.', PERMISSION],
    [
      'MAY',
      'Conversely, servers MAY mark a task as `failed` at any point after the TTL elapses, and subsequently delete it at any time.',
      PERMISSION,
    ],
  ],
  'Task Update Requests': [
    [
      'SHOULD',
      'When a client observes a `tasks/get` response (or `notifications/tasks` notification) with `status: "input_required"`, the client SHOULD fulfill the outstanding requests in `inputRequests` by sending one or more `tasks/update` requests with corresponding `inputResponses`.',
      { own: [ANSWERED] },
    ],
    [
      'SHOULD',
      "After sending a `tasks/update`, the client SHOULD continue observing the task's status via polling (`tasks/get`) or notifications (`notifications/tasks`) until it reaches a terminal state.",
      { own: [ANSWERED] },
    ],
    [
      'MUST',
      'Clients MUST treat each entry in `inputRequests` as they would the equivalent standalone server-to-client request',
      CLIENT,
    ],
    [
      'SHOULD',
      'Clients SHOULD deduplicate `inputRequests` keys across consecutive polls to avoid presenting the same request to the user or model more than once.',
      { own: [ANSWERED] },
    ],
    ['MUST', 'Each request key in `inputRequests` MUST be unique over the lifetime of a single task.', { own: [KEYS] }],
    [
      'MUST NOT',
      'A server MUST NOT reuse a key for a subsequent server-to-client request after a response for that key has been delivered',
      { own: [KEYS] },
    ],
    [
      'MUST NOT',
      "and MUST NOT use the same key to refer to two distinct requests over a task's lifetime.",
      { own: [KEYS] },
    ],
    ['MUST', 'Each key MUST correspond to a currently-outstanding inputRequest key.', CLIENT],
    [
      'MUST',
      'On success, the server MUST acknowledge the request with an empty result.',
      { official: ['tasks-mrtr-tasks-update-resumes'], own: [AGAIN] },
    ],
    [
      'MAY',
      "the server MAY accept the responses and return the ack before the task's observable status (via `tasks/get` or `notifications/tasks`) reflects them.",
      PERMISSION,
    ],
    [
      'SHOULD',
      'Servers SHOULD return a JSON-RPC error if the `taskId` does not correspond to a known task.',
      { own: [NOT_FOUND] },
    ],
    [
      'SHOULD',
      'Clients SHOULD track `inputRequests` keys to avoid responding to requests more than once.',
      { own: [ANSWERED] },
    ],
    [
      'SHOULD',
      'A server SHOULD ignore any `inputResponses` responses mapped to a key that is not currently outstanding for the task — including keys that were never issued, keys that have already been answered, and keys whose corresponding request has been superseded.',
      { own: [PARTS, KEYS] },
    ],
    [
      'MAY',
      'A server MAY accept a partial set of responses (a strict subset of currently-outstanding keys); in that case the task remains in `input_required` until the remaining responses arrive.',
      { official: ['tasks-mrtr-partial-fulfillment'], own: [PARTS] },
    ],
    [
      'MUST',
      'The `resultType` field MUST be set to `"complete"` on `UpdateTaskResult` as it is the standard result shape for the `tasks/update` request.',
      { official: ['tasks-result-type-complete-on-non-task-responses'], own: [AGAIN] },
    ],
  ],
  'Task Cancellation': [
    [
      'MUST NOT',
      'The `notifications/cancelled` notification MUST NOT be used for task cancellation.',
      { own: [IGNORED] },
    ],
    [
      'MUST',
      'On success, the server MUST acknowledge the request with an empty result.',
      { official: ['sep-2663-cancel-ack-empty-result', 'tasks-cancel-terminal-idempotent-ack'], own: [ACKNOWLEDGED] },
    ],
    [
      'SHOULD',
      'Servers SHOULD return a JSON-RPC error if the `taskId` does not correspond to a known task.',
      { own: [NOT_FOUND] },
    ],
    [
      'MAY',
      "the task's observable status MAY remain `working` (or some other non-terminal status) after the ack",
      PERMISSION,
    ],
    [
      'MAY',
      'and MAY ultimately reach a terminal status other than `cancelled` if the work finished before cancellation could take effect.',
      PERMISSION,
    ],
    ['MAY', 'Clients MAY delete all state associated with the task as soon as they send a cancellation', PERMISSION],
    [
      'MUST',
      'The `resultType` field MUST be set to `"complete"` on `CancelTaskResult` as it is the standard result shape for the `tasks/cancel` request.',
      { official: ['sep-2663-cancel-ack-empty-result'] },
    ],
  ],
  'Task Status Notifications': [
    [
      'MAY',
      'Servers MAY push status updates via `notifications/tasks` notifications in addition to servicing client polls',
      { own: [TOLD] },
    ],
    [
      'statement',
      'In its acknowledgement notification, the server includes the list of task IDs it has agreed to send task status notifications for, if any',
      { own: [TOLD] },
    ],
    [
      'MUST',
      'If a client requests task status notifications but does not declare the `io.modelcontextprotocol/tasks` extension capability, the server MUST return a JSON-RPC error specifying the missing capabilities',
      { own: [UNDECLARED] },
    ],
    [
      'statement',
      'Each notification carries a complete `DetailedTask` for the current status, identical to what `tasks/get` would have returned at that moment.',
      { own: [TOLD] },
    ],
    [
      'MAY',
      'Clients MAY continue polling `tasks/get` in addition to subscribing to task status notifications, but need not do so.',
      PERMISSION,
    ],
    [
      'MUST NOT',
      '`notifications/progress` and `notifications/message` notifications MUST NOT be sent on the `subscriptions/listen` stream for a task, and are not supported on tasks in general in this specification.',
      { own: [SUBSCRIBED] },
    ],
  ],
  'Streamable HTTP: Routing Headers': [
    [
      'MUST',
      'When `tasks/get`, `tasks/update`, or `tasks/cancel` is sent over the Streamable HTTP transport, the client MUST set the `Mcp-Name` header to the value of `params.taskId`.',
      {
        official: [
          'sep-2663-routing-headers-accepted-on-tasks-get',
          'sep-2663-server-rejects-mismatched-mcp-name-on-tasks-get',
        ],
        own: ['test/server/input > the routing header > is filled in if missing, and refused if wrong'],
      },
    ],
    [
      'statement',
      'The `Mcp-Method` header is set to the JSON-RPC method name per standard header conventions.',
      { official: ['tasks-headers-reject-mismatched-method', 'tasks-headers-tolerate-mcp-method-on-tools-call'] },
    ],
  ],
  'Protocol Errors': [
    [
      'MUST',
      'Invalid or nonexistent `taskId`: `-32602` (Invalid params). Servers MUST return this error for `tasks/get`.',
      { official: ['sep-2663-tasks-get-invalid-task-id-32602'], own: [NOT_FOUND] },
    ],
    ['SHOULD', 'Servers SHOULD return this error for `tasks/update` and `tasks/cancel`.', { own: [NOT_FOUND] }],
    [
      'MUST',
      'Servers MUST return standard JSON-RPC errors for the following protocol error cases: Internal errors: `-32603` (Internal error)',
      { own: [OWN_ERROR] },
    ],
    [
      'MUST',
      'Missing required client capabilities: `-32021` (Missing Required Client Capability). Servers MUST return this error for non-declaring clients requesting task notifications on `subscriptions/listen`.',
      { own: [UNDECLARED] },
    ],
    [
      'MUST',
      'Servers MUST return this error for non-declaring clients issuing `tasks/get`, `tasks/update`, and `tasks/cancel` requests.',
      { official: ['sep-2663-tasks-methods-non-declaring'] },
    ],
    [
      'SHOULD',
      'Servers SHOULD provide informative error messages to describe the cause of errors.',
      { own: [NOT_FOUND] },
    ],
  ],
  'Task Execution Errors': [
    [
      'statement',
      'When the underlying request encounters a JSON-RPC protocol error during execution, the task moves to the `failed` status.',
      { official: ['sep-2663-tasks-get-status-failed'], own: [ENDS] },
    ],
    [
      'SHOULD',
      'The `tasks/get` response SHOULD include a `statusMessage` field with diagnostic information about the failure',
      { own: [PROJECTED] },
    ],
    [
      'MUST',
      'and MUST include the `error` field with the JSON-RPC error.',
      { official: ['sep-2663-tasks-get-status-failed'], own: [ENDS] },
    ],
    [
      'MUST NOT',
      'The `failed` status MUST NOT be used to represent non-JSON-RPC errors, such as a tool result that completed with `isError: true`.',
      { official: ['sep-2663-tool-error-uses-completed-status'], own: [ENDS] },
    ],
    [
      'MUST',
      'Errors within the context of a protocol method result MUST use the `completed` status with the error details in the `result` field.',
      { official: ['sep-2663-tool-error-uses-completed-status'], own: [EXACTLY] },
    ],
    [
      'MUST',
      'If the underlying request resulted in a JSON-RPC error, the task uses `failed` status and the `error` field MUST contain that JSON-RPC error.',
      { own: [EXACTLY] },
    ],
    [
      'MUST',
      'If the request completed with a result (even if `isError: true` for tool results), the task uses `completed` status and the `result` field MUST contain that result.',
      { own: [EXACTLY] },
    ],
  ],
  Reservations: [
    [
      'statement',
      'The `tasks/` method prefix and `notifications/tasks/` notification prefix are reserved for this extension.',
      { official: ['sep-2663-tasks-result-removed-method-not-found', 'tasks-removed-tasks-list'] },
    ],
  ],
  'Security Considerations': [
    ['MAY', "A server MAY use task IDs as bearer tokens for a server's stored state.", PERMISSION],
    [
      'MUST',
      'Servers MUST generate them with sufficient entropy that a third party cannot enumerate or guess them.',
      { own: ['test/task/task > task IDs > have 128 unpredictable bits'] },
    ],
    [
      'MUST',
      'Servers MUST perform authentication and authorization checks on each task-related request to ensure that the client has permission to access a task.',
      {
        own: [
          'test/auth/bearer-auth > tasks > belong to the user of the token, and look nonexistent to others',
          'test/server/listen > over HTTP > does not reveal other callers’ tasks',
          ANY_ORDER,
        ],
      },
    ],
    [
      'MUST',
      'Hosts MUST apply the same trust model to these payloads as they would to standard elicitation/sampling requests.',
      CLIENT,
    ],
  ],
});
