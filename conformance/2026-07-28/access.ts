/**
 * The rules of the pages on authorization and tools that bind a server with tasks.
 * The text is © the MCP contributors, CC-BY-4.0.
 * @module
 */
import { page } from './rule.js';

const REFUSED = 'test/auth/bearer-auth > a request is refused > %s';
const SCOPE =
  'test/auth/bearer-auth > a request is refused > with 403 and the missing scope, if the token lacks a scope';
const METADATA = 'test/auth/bearer-auth > tells clients where to get tokens';
const AUDIENCE = 'test/auth/bearer-auth > accepts exactly the audience of %o';

export const authorizationRules = page('authorization', {
  'Protocol Requirements': [
    [
      'SHOULD NOT',
      'Implementations using an STDIO transport SHOULD NOT follow this specification, and instead retrieve credentials from the environment.',
      { own: ['test/server/stdio > the local user can list tasks, %s SDK'] },
    ],
  ],
  Overview: [
    [
      'MUST',
      'MCP servers MUST implement OAuth 2.0 Protected Resource Metadata (RFC9728).',
      { own: [METADATA, 'test/auth/bearer-auth > a public client gets from the first 401 to a result'] },
    ],
  ],
  'Scope Selection Strategy': [
    ['SHOULD', 'MCP servers SHOULD include a `scope` parameter in the `WWW-Authenticate` header', { own: [REFUSED] }],
  ],
  'Token Handling': [
    [
      'MUST',
      'MCP servers, acting in their role as an OAuth 2.1 resource server, MUST validate access tokens as described in OAuth 2.1 Section 5.2.',
      {
        own: [
          REFUSED,
          'test/auth/bearer-auth > a request is refused > with a token that someone else signed in the issuer’s name',
        ],
      },
    ],
    [
      'MUST',
      'MCP servers MUST validate that access tokens were issued specifically for them as the intended audience, according to RFC 8707 Section 2.',
      { own: [AUDIENCE, REFUSED] },
    ],
    [
      'MUST',
      'If validation fails, servers MUST respond according to OAuth 2.1 Section 5.3 error handling requirements.',
      { own: [REFUSED] },
    ],
    ['MUST', 'Invalid or expired tokens MUST receive a HTTP 401 response.', { own: [REFUSED] }],
    [
      'MUST',
      'MCP servers MUST only accept tokens that are valid for use with their own resources.',
      { own: [AUDIENCE, REFUSED] },
    ],
    ['MUST NOT', 'MCP servers MUST NOT accept or transit any other tokens.', { own: [REFUSED] }],
  ],
  'Refresh Tokens': [
    [
      'SHOULD NOT',
      'MCP Servers (Protected Resources) SHOULD NOT include `offline_access` in `WWW-Authenticate` scope or Protected Resource Metadata `scopes_supported`',
      { own: [METADATA] },
    ],
  ],
  'Error Handling': [
    ['MUST', 'Servers MUST return appropriate HTTP status codes for authorization errors', { own: [REFUSED, SCOPE] }],
    [
      'SHOULD',
      'When a client makes a request with an access token with insufficient scope during runtime operations, the server SHOULD respond with: HTTP 403 Forbidden status code; `WWW-Authenticate` header with the `Bearer` scheme and additional parameters',
      { own: [SCOPE] },
    ],
    [
      'SHOULD',
      'servers SHOULD include the scopes needed to satisfy the current operation in the `scope` parameter',
      { own: [SCOPE] },
    ],
    [
      'SHOULD',
      'Whatever scope-inclusion strategy a server adopts, servers SHOULD include all scopes required for the current operation in a single challenge.',
      { own: [SCOPE] },
    ],
    [
      'SHOULD',
      'Servers SHOULD be consistent in their scope inclusion strategy to provide predictable behavior for clients.',
      { own: [REFUSED, SCOPE] },
    ],
    [
      'SHOULD',
      'Servers SHOULD consider the user experience impact when determining which scopes to include in the response',
      { untested: 'the operator decides which scopes exist' },
    ],
    [
      'MUST',
      'Servers MUST account for scope hierarchies, where a broader scope implies narrower ones, when deciding whether a token is sufficient for an operation.',
      { untested: 'the operator names the scopes; there is no hierarchy, so a token must have each of them' },
    ],
  ],
  'Security Considerations': [
    [
      'MUST',
      'Implementations of this specification MUST follow the normative security requirements in Security Considerations',
      { untested: 'refers to another page' },
    ],
  ],
});

export const toolRules = page('tools', {
  Capabilities: [
    [
      'MUST',
      'Servers that support tools MUST declare the `tools` capability',
      { official: ['sep-2575-discover-capabilities-match-handlers'] },
    ],
    [
      'MUST',
      'Servers that declare the `tools` capability MUST respond to `tools/list` requests with the set of tools currently available to the requesting client.',
      {
        official: ['tools-list'],
        own: [
          'conformance/fixture/fixture > protocol %s > lists every tool that the suite expects, with a description',
        ],
      },
    ],
    [
      'MUST NOT',
      'This set (…) MUST NOT vary per-connection or as a side effect of other requests on the connection.',
      { official: ['tools-list-deterministic-order'] },
    ],
    [
      'SHOULD',
      'Servers SHOULD return tools in a deterministic order',
      { official: ['tools-list-deterministic-order'] },
    ],
  ],
  'List Changed Notification': [
    [
      'SHOULD',
      'When the list of available tools changes, servers that declared the `listChanged` capability SHOULD send a notification to clients that have opened a `subscriptions/listen` stream with `toolsListChanged: true`',
      { official: ['sep-2575-server-sends-tools-list-changed-on-subscription'] },
    ],
  ],
  Tool: [
    [
      'MUST',
      '`inputSchema`: MUST be a valid JSON Schema object (not `null`)',
      { official: ['tools-list', 'wire-schema-valid'] },
    ],
  ],
  'Tool Names': [
    [
      'SHOULD',
      'Tool names SHOULD be between 1 and 128 characters in length (inclusive).',
      { official: ['tools-name-format'] },
    ],
    [
      'SHOULD',
      'The following SHOULD be the only allowed characters: uppercase and lowercase ASCII letters (A-Z, a-z), digits (0-9), underscore (_), hyphen (-), and dot (.)',
      { official: ['tools-name-format'] },
    ],
    [
      'SHOULD NOT',
      'Tool names SHOULD NOT contain spaces, commas, or other special characters.',
      { official: ['tools-name-format'] },
    ],
  ],
  'Structured Content': [
    [
      'SHOULD',
      'For backwards compatibility, a tool that returns structured content SHOULD also return the serialized JSON in a TextContent block.',
      { own: ['test/server/tasks > 2026-07-28 > a value of any type can be structured content'] },
    ],
  ],
  'Output Schema': [
    [
      'MUST',
      'Servers MUST provide structured results that conform to this schema.',
      {
        own: [
          'test/server/tasks > 2025-11-25, %s SDK > a result that does not match the output schema becomes a tool error',
        ],
      },
    ],
  ],
  'Security Considerations': [
    [
      'MUST',
      'Servers MUST: Validate all tool inputs',
      { own: ['test/server/tasks > 2026-07-28 > invalid arguments lead to an isError result'] },
    ],
    [
      'MUST',
      'Implement proper access controls',
      { own: ['test/auth/bearer-auth > tasks > belong to the user of the token, and look nonexistent to others'] },
    ],
    [
      'MUST',
      'Rate limit tool invocations',
      { own: ['test/server/limits > %s SDK > %s > limits starts per minute, and does not count repeats'] },
    ],
    ['MUST', 'Sanitize tool outputs', { untested: 'the tool’s author is responsible for its output' }],
  ],
});
