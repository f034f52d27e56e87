/**
 * Every rule that the specification states for tasks in protocol 2025-11-25 and for the transport they are used over.
 * @module
 */
import type { Rule } from './rule.js';
import { taskRules } from './tasks.js';
import { transportRules } from './transports.js';

export type { Rule } from './rule.js';

export const rules: readonly Rule[] = [...taskRules, ...transportRules];
