/** The server scenarios of the official suite, as the suite itself lists them. Pure. @module */

export interface Scenario {
  readonly name: string;
  readonly version: (typeof VERSIONS)[number];
}

/** The versions that the fixture serves. */
const VERSIONS = ['2025-11-25', '2026-07-28'] as const;

/** Extensions belong to this version. */
const EXTENSIONS = '2026-07-28';

/**
 * Returns every scenario that applies to a version that the fixture serves, once for each such version.
 * @param list what `conformance list --server` prints: lines such as `  - ping [2025-06-18,2025-11-25]`
 * @throws Error if it contains none, because the suite's format has changed
 */
export function scenariosIn(list: string): readonly Scenario[] {
  const scenarios = [...list.matchAll(/^ +- (\S+) \[([^\]]*)\]$/gm)].flatMap(([, name = '', applies = '']) => {
    const versions = applies.split(',');
    return VERSIONS.filter(
      (version) => versions.includes(version) || (version === EXTENSIONS && versions.includes('extension')),
    ).map((version): Scenario => ({ name, version }));
  });
  if (scenarios.length === 0) throw new Error(`the suite lists no scenarios:\n${list}`);
  return scenarios;
}
