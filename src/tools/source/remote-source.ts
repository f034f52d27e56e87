/** Gives a step a local file to read, also if the source is a URL. @module */
import { stat } from 'node:fs/promises';
import type { StepContext } from '../../task/step-context.js';
import { ToolError } from '../../tool/errors.js';
import type { ToolsConfig } from '../config.js';
import { download, downloadFolder, type Download } from '../remote/download.js';
import { isUrl, shownUrl } from '../remote/request.js';
import { recheckFiles } from './inspect.js';
import type { RemotePin, SourcePins } from './pins.js';

export interface Fetching {
  readonly config: Pick<ToolsConfig, 'roots' | 'remote'>;
  /** The load's or conversion's ID. */
  readonly id: string;
  readonly ctx: Pick<StepContext, 'signal' | 'progress'>;
}

export interface LocalSource {
  /** The folders in which the source is. */
  readonly roots: readonly string[];
  /** A path or pattern. */
  readonly source: string;
  readonly remote?: RemotePin;
}

/**
 * Returns where the source is on this worker. Downloads it if it is a URL.
 *
 * @throws ToolError if the URL is not allowed or can't be read
 */
export async function localSource(source: string, fetching: Fetching): Promise<LocalSource> {
  if (!isUrl(source)) return { roots: fetching.config.roots, source };
  const { path, sha256 } = await fetch(source, fetching);
  return { roots: [downloadFolder(fetching.id)], source: path, remote: { url: source, sha256 } };
}

/**
 * Checks that the source is the pinned one. Downloads it again if another worker has downloaded it.
 *
 * @returns the pins, with the files as they are on this worker
 * @throws ToolError if the source has changed
 */
export async function readySource(pins: SourcePins, fetching: Fetching): Promise<SourcePins> {
  const [file] = pins.files;
  if (!pins.remote || !file) {
    await recheckFiles(fetching.config.roots, pins);
    return pins;
  }
  const { path, sha256 } = await fetch(pins.remote.url, fetching);
  if (sha256 !== pins.remote.sha256)
    throw new ToolError(`${shownUrl(pins.remote.url)} has changed since the task began; start a new task`);
  const { mtimeMs } = await stat(path);
  return { ...pins, files: [{ ...file, path, mtimeMs }] };
}

async function fetch(url: string, { config, id, ctx }: Fetching): Promise<Download> {
  const progress = (done: number, total?: number): void => ctx.progress(done, total, 'bytes downloaded');
  return await download({ remote: config.remote, url, id, signal: ctx.signal, progress });
}
