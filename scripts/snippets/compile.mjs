// Type-checks snippets against the packed package.
import { execFile } from 'node:child_process';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const exec = promisify(execFile);

/** The types of the names that `<!-- snippet: given … -->` can have. */
const GIVEN = {
  tools: `readonly import('mcp-tasks-temporal').DurableTool[]`,
  tasks: `import('mcp-tasks-temporal').DurableTasks`,
  client: `import('@modelcontextprotocol/client').Client`,
};
const OPTIONS = {
  compilerOptions: {
    noEmit: true,
    strict: true,
    allowJs: true,
    checkJs: true,
    target: 'es2022',
    module: 'nodenext',
    skipLibCheck: true,
    types: ['node'],
  },
};

/**
 * Makes a project that has the packed package, and this repository's other packages.
 * @param {string} dir an empty folder
 * @param {{ root: string, tarball: string, manifest: object }} packed
 */
export async function makeProject(dir, { root, tarball, manifest }) {
  const modules = join(dir, 'node_modules');
  await mkdir(join(modules, manifest.name), { recursive: true });
  await exec('tar', ['--extract', '--file', tarball, '--strip-components', '1', '-C', join(modules, manifest.name)]);
  for (const name of await readdir(join(root, 'node_modules')))
    if (!name.startsWith('.')) await symlink(join(root, 'node_modules', name), join(modules, name));
  await writeFile(join(dir, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  await writeFile(join(dir, 'tsconfig.json'), JSON.stringify(OPTIONS));
}

/**
 * Writes the snippets of each page into a folder, so that they can import each other, and compiles all of them.
 * @param {string} dir a project of {@link makeProject}
 * @param {import('./extract.mjs').Snippet[]} snippets
 * @returns {Promise<string[]>} the problems
 */
export async function compile(dir, snippets) {
  const problems = [];
  const origins = new Map();
  for (const snippet of snippets) {
    const folder = join('pages', snippet.page.replace(/\W/g, '-'));
    const file = join(folder, snippet.name ?? `line-${snippet.line}.${snippet.language === 'js' ? 'mjs' : 'ts'}`);
    if (origins.has(file)) problems.push(`${snippet.page}:${snippet.line}: another snippet of this page has this name`);
    origins.set(file, snippet);
    await mkdir(join(dir, folder), { recursive: true });
    // `export {}` because a file without imports is not a module.
    await writeFile(join(dir, file), `${snippet.text}${declarationsOf(snippet)}\nexport {};\n`);
  }
  const output = await exec(
    process.execPath,
    [join(dir, 'node_modules/typescript/bin/tsc'), '-p', '.', '--pretty', 'false'],
    { cwd: dir },
  ).then(
    () => '',
    ({ stdout, stderr }) => `${stdout}${stderr}` || 'tsc failed',
  );
  // A line without a position continues the message before it.
  for (const line of output.split('\n').filter(Boolean)) {
    const [, file, row, rest] = /^(\S+?)\((\d+),\d+\): (.*)$/.exec(line) ?? [];
    const snippet = origins.get(file);
    problems.push(snippet ? `${snippet.page}:${snippet.line + Number(row)}: ${rest}` : line);
  }
  return problems;
}

/** Returns declarations of the names that the page does not declare. At the end, so that lines keep their numbers. */
function declarationsOf({ page, line, directive = '' }) {
  const names = /^given (.+)$/.exec(directive)?.[1].split(', ') ?? [];
  return names
    .map((name) => {
      if (GIVEN[name] === undefined) throw new Error(`${page}:${line}: "given" has no type for ${name}`);
      return `declare const ${name}: ${GIVEN[name]};`;
    })
    .join('\n');
}
