/** Renders `docs/conformance.md`. Pure: the same results give the same text. @module */
import type { ScenarioResult } from '../official/verdict.js';
import type { Row } from './rows.js';

const RESULTS = ['passed', 'failed', 'skipped', 'not tested'] as const;

export interface Results {
  readonly official: readonly ScenarioResult[];
  readonly of2026: readonly Row[];
  readonly of2025: readonly Row[];
}

export function page({ official, of2026, of2025 }: Results): string {
  const sum = (of: (verdict: ScenarioResult['verdict']) => number): number =>
    official.reduce((total, { verdict }) => total + of(verdict), 0);
  const checks = `${sum(({ passed }) => passed)} checks passed, ${sum(({ failures }) => failures.length)} failed`;
  const all = [...of2026, ...of2025];
  return `# Conformance

Every rule of the specifications that binds a server with tasks, where it is tested, and its result. Written by \`npm run conformance:docs\`; [CI](../.ci/run) fails if it is out of date.

${all.length} rules: ${RESULTS.map((wanted) => `${count(all, wanted)} ${wanted}`).join(', ')}; the official suite: ${checks}.

| specification | rules | ${RESULTS.join(' | ')} |
| --- | --- | ${RESULTS.map(() => '---').join(' | ')} |
| [2026-07-28](#2026-07-28), with the tasks extension | ${counts(of2026)} |
| [2025-11-25](#2025-11-25), experimental tasks and Streamable HTTP | ${counts(of2025)} |

**The official suite** (\`npm run conformance\`): all of its server scenarios, in both versions: ${official.length} runs, ${checks}, ${sum(({ exceptions }) => exceptions.length)} exceptions. The tools are durable wherever a durable tool can do what a scenario asks for ([the fixture](../conformance/fixture)).

${exceptionTable(official)}

| scenario | version | passed | failed | exceptions |
| --- | --- | --- | --- | --- |
${official.map(({ name, version, verdict }) => `| ${name} | ${version} | ${verdict.passed} | ${verdict.failures.length} | ${verdict.exceptions.length} |`).join('\n')}

**The suite for 2025-11-25** (\`npm run conformance:2025\`) is this project's own, because no other exists; it tests [any server by its URL](../conformance/2025-11-25/README.md). Each of its tests fails on a server that breaks only the rule tested. For comparison, it has also been run on [the v1 SDK's own tasks](../conformance/2025-11-25/peers/sdk-v1.md).

A rule that is not tested says why. A skipped rule is about an optional feature that this server does not have.

The sentences are © the MCP contributors, CC-BY-4.0.

## 2026-07-28

The [tasks extension](https://modelcontextprotocol.github.io/ext-tasks/specification/2026-07-28/tasks.html) in full, and whatever other pages of [the specification](https://modelcontextprotocol.io/specification/2026-07-28) say about tasks. *official* is a check of the official suite; the others are this project's own tests.

${table(of2026)}

## 2025-11-25

The pages [Tasks](https://modelcontextprotocol.io/specification/2025-11-25/basic/utilities/tasks) and [Transports](https://modelcontextprotocol.io/specification/2025-11-25/basic/transports), tested over HTTP with two authorized requestors. Test names are those of the suite.

${table(of2025)}
`;
}

/** Renders the checks that do not pass, and why. */
function exceptionTable(official: readonly ScenarioResult[]): string {
  const lines = official.flatMap(({ name, version, verdict }) =>
    verdict.exceptions.map(
      ({ check, reason }) =>
        `| ${name} | ${version} | ${check === undefined ? 'all' : `\`${check}\``} | ${cell(reason)} |`,
    ),
  );
  return `| exception | version | check | why it does not pass |\n| --- | --- | --- | --- |\n${lines.join('\n')}`;
}

function counts(rows: readonly Row[]): string {
  return [rows.length, ...RESULTS.map((wanted) => count(rows, wanted))].join(' | ');
}

const count = (rows: readonly Row[], wanted: Row['result']): number =>
  rows.filter(({ result }) => result === wanted).length;

/** Renders one table under each heading of the specification. */
function table(rows: readonly Row[]): string {
  const sections = [...new Set(rows.map(({ section }) => section))];
  const tables = sections.map((section) => {
    const lines = rows
      .filter((row) => row.section === section)
      .map(
        ({ id, level, sentence, where, result }) =>
          `| ${id} | ${level} | ${cell(sentence)} | ${cell(where)} | ${result} |`,
      );
    return `### ${section}\n\n| rule | level | sentence | where it is tested | result |\n| --- | --- | --- | --- | --- |\n${lines.join('\n')}`;
  });
  return tables.join('\n\n');
}

const cell = (text: string): string => text.replaceAll('|', String.raw`\|`).replaceAll('\n', ' ');
