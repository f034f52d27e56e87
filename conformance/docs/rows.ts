/** Combines each rule of both specifications with its result. Pure. @module */
import { rules as rules2025 } from '../2025-11-25/rules/index.js';
import type { Result } from '../2025-11-25/suite/run.js';
import { PAGES, rules as rules2026, type Rule } from '../2026-07-28/index.js';
import type { ScenarioResult } from '../official/verdict.js';
import { hasPassed, ownTest, type VitestReport } from './own-tests.js';

export interface Row {
  readonly id: string;
  readonly level: string;
  readonly section: string;
  readonly sentence: string;
  /** Markdown: the tests, or why there are none. */
  readonly where: string;
  readonly result: 'passed' | 'failed' | 'skipped' | 'not tested';
}

export function rowsOf2025(results: readonly Result[]): Row[] {
  const resultOf = new Map(results.map((result) => [result.id, result]));
  return rules2025.map(({ id, level, section, sentence, sameAs }) => {
    const result = resultOf.get(id);
    if (!result) throw new Error(`no result for the rule ${id}`);
    const { status, message } = result;
    if (status === 'not testable') return { id, level, section, sentence, where: message, result: 'not tested' };
    const test = `the test \`${sameAs ?? id}\``;
    // For a rule that restates another, the suite reports `as x: reason`.
    return {
      id,
      level,
      section,
      sentence,
      where: status === 'skipped' ? `${test}: ${message.replace(/^as \S+: /, '')}` : test,
      result: status,
    };
  });
}

export function rowsOf2026(official: readonly ScenarioResult[], own: VitestReport): Row[] {
  const checks = official.filter(({ version }) => version === '2026-07-28').flatMap((scenario) => scenario.checks);
  return rules2026.map((rule) => {
    const { id, level, page, section, sentence, untested } = rule;
    const row = { id, level, section: `${PAGES[page]}: ${section}`, sentence };
    if (untested !== undefined) return { ...row, where: untested, result: 'not tested' };
    const passed = [
      ...(rule.official ?? []).map((check) => checkHasPassed(check, checks)),
      ...(rule.own ?? []).map((test) => hasPassed(test, own)),
    ];
    return { ...row, where: whereOf(rule), result: passed.every(Boolean) ? 'passed' : 'failed' };
  });
}

function checkHasPassed(id: string, checks: ScenarioResult['checks']): boolean {
  const meant = checks.filter((check) => check.id === id);
  if (meant.length === 0) throw new Error(`the official suite has no check ${id}`);
  return meant.every(({ status }) => status === 'SUCCESS');
}

function whereOf({ official = [], own = [] }: Rule): string {
  const checks = official.map((id) => `official \`${id}\``);
  const tests = own.map((reference) => {
    const { file, titles } = ownTest(reference);
    return `[${file.replaceAll(/^test\/|\.test\.ts$/g, '')}](../${file}): ${titles.join(' › ')}`;
  });
  return [...checks, ...tests].join('<br>');
}
