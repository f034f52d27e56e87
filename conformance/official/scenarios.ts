/** The scenarios of the official suite that must pass, and in which protocol version. @module */

export interface Scenario {
  readonly name: string;
  readonly version: '2025-11-25' | '2026-07-28';
}

/** The scenarios of the tasks extension, which belongs to 2026-07-28. */
const tasks = [
  'tasks-lifecycle',
  'tasks-capability-negotiation',
  'tasks-wire-fields',
  'tasks-request-state-removal',
  'tasks-mrtr-input',
  'tasks-request-headers',
  'tasks-dispatch-and-envelope',
  'tasks-status-notifications',
  'tasks-required-task-error',
  'tasks-mrtr-composition',
];

export const scenarios: readonly Scenario[] = [
  ...[...tasks, 'server-stateless'].map((name): Scenario => ({ name, version: '2026-07-28' })),
  ...['tools-list', 'dns-rebinding-protection'].flatMap((name): Scenario[] => [
    { name, version: '2026-07-28' },
    { name, version: '2025-11-25' },
  ]),
];

/** Checks that the suite always skips, whatever the server does. */
export const alwaysSkipped: ReadonlySet<string> = new Set(['tasks-status-notifications']);
