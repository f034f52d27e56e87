/** The resources that belong to tasks: large results, and the files of command tools. @module */
import type { RequestContext, RpcResult } from '../../protocol/request.js';
import type { TaskService } from '../service.js';
import { hasLinks, matchResult, readResult, RESULT_TEMPLATES } from './result-links.js';
import { FILE_TEMPLATES, hasFiles, matchFile, readFile } from './task-files.js';

/** A template of resources. */
export interface TaskResource {
  readonly name: string;
  readonly uriTemplate: string;
  readonly title: string;
  readonly description: string;
  /** Returns the variables of a URI; null if it is another template's. */
  readonly match: (uri: string) => Record<string, string> | null;
  readonly read: (uri: string, variables: never, ctx: RequestContext) => Promise<RpcResult>;
}

/** Returns the templates that the server's tools need. */
export function taskResources(service: TaskService): TaskResource[] {
  const results = RESULT_TEMPLATES.map((template) => ({
    ...template,
    match: matchResult,
    read: async (uri: string, variables: never, ctx: RequestContext) => await readResult(service, uri, variables, ctx),
  }));
  const files = FILE_TEMPLATES.map((template) => ({
    ...template,
    match: matchFile,
    read: async (uri: string, variables: never, ctx: RequestContext) => await readFile(service, uri, variables, ctx),
  }));
  return [...(hasLinks(service) ? results : []), ...(hasFiles(service) ? files : [])];
}
