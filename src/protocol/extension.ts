/** The tasks extension (SEP-2663). @module */

/** Its name. Servers advertise it to clients of every version; the versions differ in how clients declare it. */
export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';
