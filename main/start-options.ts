import { createHash } from 'node:crypto'
import path from 'node:path'

/** `--data FOLDER` or `--data=FOLDER` of the command line, else `CLOISTER_DATA`, as for a command; undefined without them. */
export function dataFolderOf(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  workingDirectory: string,
): string | undefined {
  const at = argv.findIndex(word => word === '--data' || word.startsWith('--data='))
  const said = argv[at]?.startsWith('--data=') ? argv[at].slice('--data='.length) : argv[at + 1]
  const given = (at >= 0 && said) || environment.CLOISTER_DATA
  return given ? path.resolve(workingDirectory, given) : undefined
}

/** What the desktop remembers of the window of a library: a folder for each that is named, since one application has one library. */
export function userDataOf(usual: string, data: string | undefined): string {
  if (data === undefined) return usual
  return `${usual}-${createHash('sha256').update(data).digest('hex').slice(0, 8)}`
}

/**
 * What of a command line is for the window: not the program, not the folder of the application, which a checkout names, and not the library's.
 * Of a second start Chromium has put the options first, so that what follows one is not its value.
 */
export function wordsForWindow(
  argv: readonly string[],
  { application, data, cwd }: { application: string; data: string | undefined; cwd: string },
): string[] {
  const named = [application, ...(data === undefined ? [] : [data])]
  return argv.slice(1).filter(word => !/^--data(?:=|$)/.test(word) && !named.includes(path.resolve(cwd, word)))
}

/** What of a command line another start is given: options, the application, the library, and none of what was for the window. */
export function wordsToRepeat(
  argv: readonly string[],
  { application, data, cwd }: { application: string; data: string | undefined; cwd: string },
): string[] {
  const named = [application, ...(data === undefined ? [] : [data])]
  const end = argv.indexOf('--')
  return argv
    .slice(1, end < 0 ? undefined : end)
    .filter(word => word.startsWith('-') || named.includes(path.resolve(cwd, word)))
}
