/** The rules that protocol 2026-07-28 states for servers with tasks: every one of the tasks extension, and those of the other pages that tasks touch. @module */
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
