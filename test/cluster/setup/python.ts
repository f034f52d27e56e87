/** Python environments, each with the packages of a requirements.txt, made once and kept. @module */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cache, exists, run, sources, type Log } from './programs.js';

const INTERPRETER = join('bin', 'python3');
/** The pip to download if Python comes without it, as on Debian without python3-venv. */
const PIP = { version: '26.3', sha256: 'f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13' };

/**
 * Makes the environment unless it exists.
 * @param folder the folder with the requirements.txt
 * @returns the path of its interpreter
 */
export async function pythonEnvironment(folder: 'python' | 's3', log: Log): Promise<string> {
  const requirements = join(sources, folder, 'requirements.txt');
  const environment = join(cache, `python-${sha256(await readFile(requirements)).slice(0, 12)}`);
  if (!(await exists(join(environment, INTERPRETER)))) await makeEnvironment(environment, requirements, log);
  return join(environment, INTERPRETER);
}

/** Builds the environment elsewhere and then renames it, so that an incomplete one is never used. */
async function makeEnvironment(environment: string, requirements: string, log: Log): Promise<void> {
  await mkdir(cache, { recursive: true });
  const partial = await mkdtemp(join(cache, 'partial-'));
  try {
    const bundled = await run('looking for pip', ['python3', '-c', 'import ensurepip'], sources, log).then(
      () => true,
      () => false,
    );
    await run(
      'making a Python environment',
      ['python3', '-m', 'venv', ...(bundled ? [] : ['--without-pip']), partial],
      sources,
      log,
    );
    const pip = bundled ? ['-m', 'pip'] : [join(await downloadPip(partial).catch(withoutPip), 'pip')];
    await run(
      `installing ${requirements}`,
      [join(partial, INTERPRETER), ...pip, 'install', '--quiet', '--requirement', requirements],
      sources,
      log,
    );
    await rename(partial, environment);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}

/** Downloads pip's wheel, which Python can run directly. @returns its path */
async function downloadPip(dir: string): Promise<string> {
  const index = process.env['PIP_INDEX_URL'] || 'https://pypi.org/simple';
  const signal = AbortSignal.timeout(120_000);
  const page = new URL(`${index.replace(/\/$/, '')}/pip/`);
  const name = `pip-${PIP.version}-py3-none-any.whl`;
  const listed = [...(await (await fetch(page, { signal })).text()).matchAll(/href="([^"#]*)/g)].find(([, href]) =>
    href?.endsWith(`/${name}`),
  )?.[1];
  if (!listed) throw new Error(`${page.host} has no ${name}`);
  const wheel = Buffer.from(await (await fetch(new URL(listed, page), { signal })).arrayBuffer());
  if (sha256(wheel) !== PIP.sha256) throw new Error(`${name} of ${page.host} is not the one that was published`);
  await writeFile(join(dir, name), wheel);
  return join(dir, name);
}

function withoutPip(cause: unknown): never {
  throw new Error(
    'Python has no pip, and none could be downloaded: install its venv (on Debian and Ubuntu: apt-get install python3-venv)',
    { cause },
  );
}

function sha256(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}
