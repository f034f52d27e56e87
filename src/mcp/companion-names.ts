/** The tools that go on with a task for clients that do not speak tasks. @module */

export const WAIT = 'task_wait';
export const CANCEL = 'task_cancel';
export const LIST = 'task_list';
