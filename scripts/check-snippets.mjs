// Checks every code block of README.md and docs/*.md against the packed package: compiles TypeScript and JavaScript,
// checks the commands of shell blocks, `check`s gateway files, parses JSON and YAML, and runs the programs and install
// lines of readers.mjs in empty projects, as a reader would. Run it after a build.
import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { findTemporalCli } from '../dist/src/temporal/dev-server/find-cli.js';
import { compile, makeProject } from './snippets/compile.mjs';
import { inlineCodeOf, snippetsOf } from './snippets/extract.mjs';
import { runSnippets } from './snippets/readers.mjs';
import { commandsOf, Shell } from './snippets/shell.mjs';

const exec = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
/** What a part of a tool is put into. */
const TOOL =
  'tools:\n  - name: example\n    workflow: Example\n    taskQueue: example\n    input: { properties: {} }\n';
const LANGUAGES = { ts: code, js: code, sh: shell, yaml, json };

const counts = { ran: 0, compiled: 0, checked: 0, skipped: 0 };
const problems = [];
const dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-snippets-'));
try {
  const pages = [
    'README.md',
    ...(await readdir(join(root, 'docs'))).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`),
  ];
  const texts = await Promise.all(pages.map(async (page) => [page, await readFile(join(root, page), 'utf8')]));
  // Diagrams are not code.
  const all = texts.flatMap(([page, text]) => snippetsOf(page, text)).filter(({ language }) => language !== 'mermaid');
  const skipped = all.filter(({ directive = '' }) => directive.startsWith('skip: '));
  const snippets = all.filter((snippet) => !skipped.includes(snippet));

  const packed = { root, manifest, name: manifest.name, tarball: pack() };
  const running = runSnippets(await mkdtemp(join(dir, 'readers-')), snippets, packed);
  const project = await mkdtemp(join(dir, 'project-'));
  await makeProject(project, packed);
  const cli = join(project, 'node_modules', manifest.name, manifest.bin[manifest.name]);
  const temporal = await findTemporalCli({ log() {} });
  const context = { project, cli, all, shell: new Shell({ cli, temporal, manifest }) };

  for (const snippet of snippets) {
    const check = LANGUAGES[snippet.language];
    await attempt(snippet, async () => {
      if (!check) throw new Error(`unknown language "${snippet.language}"`);
      await check(snippet, context);
    });
  }
  const prose = texts.filter(([page]) => page !== 'docs/conformance.md');
  for (const mention of prose.flatMap((page) => inlineCodeOf(...page)))
    await attempt(mention, () => inline(mention, context));
  problems.push(
    ...(await compile(
      project,
      snippets.filter(({ language }) => LANGUAGES[language] === code),
    )),
  );

  const { ran, problems: failures } = await running;
  problems.push(...failures);
  counts.ran = ran.size;
  counts.skipped = skipped.length;
  for (const { page, line, directive } of skipped)
    process.stdout.write(`skipped ${page}:${line}: ${directive.slice(6)}\n`);
} finally {
  await rm(dir, { recursive: true, force: true, maxRetries: 3 });
}
for (const problem of problems) process.stdout.write(`${problem}\n`);
process.stdout.write(
  `snippets: ${Object.entries(counts)
    .map(([what, count]) => `${count} ${what}`)
    .join(', ')}, ${problems.length} problems\n`,
);
process.exitCode = problems.length > 0 ? 1 : 0;

function pack() {
  const [{ filename }] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', dir], {
      cwd: root,
      encoding: 'utf8',
    }),
  );
  return join(dir, filename);
}

async function attempt({ page, line }, check) {
  try {
    await check();
  } catch (error) {
    problems.push(`${page}:${line}: ${error.stderr || error.message}`);
  }
}

/** All code is compiled together, later. */
function code() {
  counts.compiled++;
}

function shell({ page, text }, context) {
  execFileSync('bash', ['-n'], { input: text });
  const files = context.all.filter((other) => other.page === page).map(({ name }) => name);
  for (const words of commandsOf(text)) context.shell.check(words, files);
  counts.checked++;
}

async function yaml({ text, directive }, { project, cli }) {
  const whole = directive === 'part of a tool' ? TOOL + text : text;
  if (parse(whole)?.tools === undefined) throw new Error('no `tools`: is this a gateway file?');
  await writeFile(join(project, 'mcp-tasks.yaml'), whole);
  await exec(process.execPath, [cli, 'check'], { cwd: project });
  counts.checked++;
}

function json({ text }) {
  JSON.parse(text);
  counts.checked++;
}

/** Checks the commands and options that the text mentions. */
function inline({ text }, context) {
  const [first = '', ...rest] = text.replace(/^npx /, '').split(' ');
  if (first === manifest.name && rest.length > 0) context.shell.ours(rest);
  else if (/^--[a-z]/.test(first)) for (const [option] of text.matchAll(/--[a-z-]+/g)) known(option, context);
}

function known(option, context) {
  if (!context.shell.hasOption(option)) throw new Error(`no command has the option ${option}`);
}
