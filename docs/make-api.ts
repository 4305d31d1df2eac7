// Makes the API reference of the comments in the code: a page for each door of package.json, in out/api, which is
// ignored by git and part of the site. What has no comment, and a link in a comment that leads nowhere, is a problem.

import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  Application,
  type DeclarationReflection,
  Logger,
  LogLevel,
  type ProjectReflection,
  ReflectionKind,
} from 'typedoc';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** What needs a comment, wherever it can be reached from a door. */
const DOCUMENTED = [
  ...['Class', 'Interface', 'TypeAlias', 'Function', 'Variable', 'Enum', 'Method', 'Accessor'],
] as const;

export interface Api {
  readonly app: Application;
  readonly project: ProjectReflection;
  /** A line each; an API without any is complete. */
  readonly problems: readonly string[];
}

/** Specifier of a door → the file that it is. */
export function doors(): Map<string, string> {
  const { name, exports } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as {
    name: string;
    exports: Record<string, unknown>;
  };
  const paths = Object.keys(exports).filter((path) => path === '.' || /^\.\/\w+$/.test(path));
  return new Map(
    paths.map((path) => [path.replace('.', name), `src/${path === '.' ? '' : `${path.slice(2)}/`}index.ts`]),
  );
}

class ProblemLogger extends Logger {
  readonly #problems: string[];

  constructor(problems: string[]) {
    super();
    this.#problems = problems;
    this.level = LogLevel.Warn;
  }

  override log(message: string, level: LogLevel): void {
    super.log(message, level); // counts
    if (level >= LogLevel.Warn) this.#problems.push(message.replaceAll(ROOT, ''));
  }
}

/** Reads all that can be imported, and checks its comments. */
export async function readApi(): Promise<Api> {
  const specifiers = doors();
  // What two doors have is told at the first of them: text → pixels at that of its own, the rest at the main one.
  const byRoom = [...specifiers.values()].sort(
    (a, b) => Number(b.includes('/render/')) - Number(a.includes('/render/')),
  );
  const app = await Application.bootstrapWithPlugins({
    entryPoints: byRoom.map((file) => ROOT + file),
    tsconfig: `${ROOT}tsconfig.json`,
    basePath: ROOT,
    // Types are checked by `npm run check`.
    skipErrorChecking: true,
    plugin: ['typedoc-plugin-markdown'],
    name: 'API',
    readme: 'none',
    router: 'module',
    out: `${ROOT}out/api`,
    disableSources: true,
    excludeInternal: true,
    excludePrivate: true,
    excludeExternals: true,
    blockTags: ['@param', '@returns', '@throws', '@example', '@see', '@default', '@typeParam', '@nocollapse'],
    requiredToBeDocumented: [...DOCUMENTED],
    validation: { notExported: false, invalidLink: true, invalidPath: true, notDocumented: true },
    logLevel: 'Warn',
    hideBreadcrumbs: true,
    hidePageHeader: true,
    useCodeBlocks: true,
    sanitizeComments: true,
    parametersFormat: 'table',
    interfacePropertiesFormat: 'table',
    typeAliasPropertiesFormat: 'table',
    classPropertiesFormat: 'table',
    tableColumnSettings: { hideModifiers: true },
    groupOrder: ['Classes', 'Functions', 'Variables', 'Interfaces', 'Type Aliases', '*'],
    sortEntryPoints: false,
  } as Parameters<typeof Application.bootstrapWithPlugins>[0]);

  const problems: string[] = [];
  app.logger = new ProblemLogger(problems);
  const project = await app.convert();
  if (project === undefined) throw new Error(`TypeDoc could not read src/:\n${problems.join('\n')}`);
  // TypeDoc calls an entry point by its path without the file: src/render.
  const names = new Map([...specifiers].map(([specifier, file]) => [dirname(file), specifier]));
  for (const module of modulesOf(project)) module.name = names.get(module.name) ?? module.name;
  app.validate(project);
  return { app, project, problems };
}

/** The doors, in the order of package.json. */
function modulesOf(project: ProjectReflection): DeclarationReflection[] {
  return project.getChildrenByKind(ReflectionKind.Module);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { app, project, problems } = await readApi();
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exit(1);
  await app.generateOutputs(project);
  console.log('out/api');
}
