/**
 * The rules that protocol 2026-07-28 states for servers with tasks: all rules of the tasks extension, and those rules
 * of other pages that affect tasks.
 * @module
 */
import { authorizationRules, toolRules } from './access.js';
import { cancellationRules, mrtrRules, progressRules, subscriptionRules } from './patterns.js';
import type { Rule } from './rule.js';
import { taskRules } from './tasks.js';

export { PAGES, type Rule } from './rule.js';

export const rules: readonly Rule[] = [
  ...taskRules,
  ...subscriptionRules,
  ...mrtrRules,
  ...cancellationRules,
  ...progressRules,
  ...authorizationRules,
  ...toolRules,
];
