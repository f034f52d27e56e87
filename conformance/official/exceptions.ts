/**
 * The checks that are known not to pass, and why. `expected-failures.yml` lists them in the suite's own format for
 * `--expected-failures`, each with its reason in the comment above it. Pure.
 * @module
 */
import { isScalar, isSeq, parseDocument } from 'yaml';

export interface Exception {
  readonly scenario: string;
  /** The check's ID. @default all checks of the scenario */
  readonly check: string | undefined;
  readonly reason: string;
}

/**
 * Reads the list.
 * @throws Error if an entry has no reason
 */
export function exceptionsIn(yaml: string): readonly Exception[] {
  const list = parseDocument(yaml).get('server');
  if (!isSeq(list)) return [];
  return list.items.map((item, index) => {
    const entry = isScalar(item) ? String(item.value) : '';
    // The parser attaches the comment above the first entry to the list.
    const comment = (isScalar(item) && item.commentBefore) || (index === 0 && list.commentBefore) || '';
    const reason = comment.trim().replaceAll(/\s+/g, ' ');
    const [scenario = '', check] = entry.split(':');
    if (scenario === '' || reason === '') throw new Error(`expected-failures.yml: ${entry} needs a reason above it`);
    return { scenario, check, reason };
  });
}

export function explains({ scenario, check }: Exception, name: string, id: string): boolean {
  return scenario === name && (check === undefined || check === id);
}
