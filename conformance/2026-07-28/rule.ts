/** The rules of protocol 2026-07-28 as data: the specification's sentence, and where it is tested. @module */
import type { Level } from '../2025-11-25/rules/rule.js';

/** The specification's pages, by the name that rule IDs use. */
export const PAGES = {
  tasks: 'Tasks extension',
  subscriptions: 'Subscriptions',
  mrtr: 'Multi round-trip requests',
  cancellation: 'Cancellation',
  progress: 'Progress',
  authorization: 'Authorization',
  tools: 'Tools',
} as const;

export interface Where {
  /** Checks of the official suite, by their IDs. */
  readonly official?: readonly string[];
  /** This project's tests, as vitest names them: `file > suite > test`. The file is below test/, without .test.ts. */
  readonly own?: readonly string[];
  /** Why the rule is not tested. */
  readonly untested?: string;
}

export interface Rule extends Where {
  readonly id: string;
  readonly level: Level;
  readonly page: keyof typeof PAGES;
  /** The heading that the sentence appears under. */
  readonly section: string;
  /** The specification's own words. */
  readonly sentence: string;
}

export type Entry = readonly [level: Level, sentence: string, where: Where];

/** Creates the rules of a page from its headings and sentences, numbered in the page's order. */
export function page(name: Rule['page'], sections: Readonly<Record<string, readonly Entry[]>>): Rule[] {
  const entries = Object.entries(sections).flatMap(([section, rules]) => rules.map((rule) => [section, rule] as const));
  return entries.map(([section, [level, sentence, where]], index) => ({
    id: `${name}-${index + 1}`,
    level,
    page: name,
    section,
    sentence,
    ...where,
  }));
}

export const CLIENT = { untested: 'binds the client, not the server' } as const;
export const PERMISSION = { untested: 'only permits something, so nothing can be missing' } as const;
export const OPERATION = { untested: 'about design, logs or operation, which no message shows' } as const;
