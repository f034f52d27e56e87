// Plays the readers: runs the snippets of each page as they would, and checks the output.
import { createServer } from 'node:http';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Project } from './run.mjs';

const COUNTED = /"counted\\?": ?5/;

/**
 * Runs the programs of the pages.
 * @param {string} dir an empty folder
 * @param {import('./extract.mjs').Snippet[]} snippets
 * @param {{ tarball: string, name: string }} packed
 * @returns {Promise<{ ran: Set<import('./extract.mjs').Snippet>, problems: string[] }>}
 */
export async function runSnippets(dir, snippets, packed) {
  const book = new Book(snippets);
  const projects = [];
  const open = async (name) => {
    const project = await Project.make(dir, name, packed);
    projects.push(project);
    return project;
  };
  try {
    const readers = [
      readme(book, await open('readme'), await open('host')),
      v1(book, await open('v1')),
      gateway(book, await open('gateway')),
    ];
    const settled = await Promise.allSettled(readers);
    return {
      ran: book.used,
      problems: settled.flatMap(({ status, reason }) => (status === 'rejected' ? [reason.message] : [])),
    };
  } finally {
    await Promise.all(projects.map(async (project) => await project.close()));
  }
}

/** Finds snippets, and remembers which ones were used. */
class Book {
  used = new Set();

  constructor(snippets) {
    this.snippets = snippets;
  }

  /** @returns the page's file of this name */
  file(page, name) {
    return this.#take(page, name, (snippet) => snippet.name === name);
  }

  /** @returns the page's first shell snippet in which a line matches */
  shell(page, line) {
    return this.#take(page, line, ({ language, text }) => language === 'sh' && line.test(text));
  }

  #take(page, what, matches) {
    const found = this.snippets.find((snippet) => snippet.page === page && matches(snippet));
    if (!found) throw new Error(`${page} no longer has ${what}: change scripts/snippets/readers.mjs with it`);
    this.used.add(found);
    return found;
  }
}

/** The README's ten-line tool and its host, then its own server. */
async function readme(book, project, hostProject) {
  const page = 'README.md';
  const serve = book.shell(page, /serve tools\.mjs/);
  const host = book.shell(page, /tsx host\.ts/);
  const tsx = book.shell(page, /tsx server\.ts/);
  await project.write(book.file(page, 'tools.mjs'));
  await Promise.all([project.install(serve), hostProject.install(host)]);

  const first = await project.serve(serve, /^npx mcp-tasks-temporal serve/);
  expect(await project.run(book.shell(page, /tool-name countdown/)), COUNTED, 'the call of countdown');
  hostProject.port = project.port;
  await hostProject.write(book.file(page, 'host.ts'));
  expect(await hostProject.run(host, /^npx tsx/), /counted: 5/, 'host.ts');
  await first.stop();

  await project.write(book.file(page, 'server.ts'));
  await project.install(tsx);
  const second = await project.serve(tsx, /^npx tsx/);
  await callPageSizes(second.url);
  await second.stop();
}

/** The v1 SDK's page: a server over stdio, one over HTTP, and a host of the same SDK that calls it. */
async function v1(book, project) {
  const page = 'docs/v1-sdk.md';
  await project.write(...['tools.ts', 'server.ts', 'make-server.ts', 'http.ts'].map((name) => book.file(page, name)));
  await project.write(book.file('docs/hosts.md', 'v1-host.ts'));
  await project.install(book.shell(page, /^npm install/));
  expect(await project.run(book.shell(page, /tsx server\.ts/)), COUNTED, 'the call of server.ts');
  const server = await project.serve(book.shell(page, /tsx http\.ts/), /tsx http/);
  expect(await project.run(book.shell('docs/hosts.md', /v1-host\.ts/), /^npx tsx/), /counted: 5/, 'v1-host.ts');
  await server.stop();
}

/** The README's gateway. It starts without its cluster. */
async function gateway(book, project) {
  const page = 'README.md';
  const start = book.shell(page, /serve mcp-tasks\.yaml/);
  await project.write(book.file(page, 'mcp-tasks.yaml'));
  await project.install(start);
  expect(await project.run(start, /temporal check/), /1 tool/, 'check');
  const server = await project.serve(start, /^export|serve/);
  await withClient(server.url, async (client) => {
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name).join(), /nightly_load/, 'tools/list');
  });
  await server.stop();
}

async function callPageSizes(url) {
  const web = createServer((_, response) => response.end('0123456789')).listen(0, '127.0.0.1');
  await new Promise((resolve) => web.once('listening', resolve));
  try {
    const urls = [`http://127.0.0.1:${web.address().port}/`];
    const result = await withClient(
      url,
      async (client) => await client.callTool({ name: 'page_sizes', arguments: { urls } }, { timeout: 60_000 }),
    );
    expect(JSON.stringify(result.structuredContent), /\{"sizes":\[10\]\}/, 'page_sizes');
  } finally {
    web.closeAllConnections();
    web.close();
  }
}

async function withClient(url, use) {
  const client = new Client({ name: 'snippets', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

function expect(text, pattern, what) {
  if (!pattern.test(text)) throw new Error(`${what}: expected ${pattern}, but got:\n${text.slice(-4_000)}`);
}
