import { createHash } from 'node:crypto'
import path from 'node:path'

/** `--data FOLDER` or `--data=FOLDER` of the command line; undefined without it. */
export function dataFolderOf(argv: readonly string[], workingDirectory: string): string | undefined {
  const at = argv.findIndex(word => word === '--data' || word.startsWith('--data='))
  if (at < 0) return undefined
  const given = argv[at]?.startsWith('--data=') ? argv[at].slice('--data='.length) : argv[at + 1]
  return given ? path.resolve(workingDirectory, given) : undefined
}

/** What the desktop remembers of the window of a library: a folder for each that is named, since one application has one library. */
export function userDataOf(usual: string, data: string | undefined): string {
  if (data === undefined) return usual
  return `${usual}-${createHash('sha256').update(data).digest('hex').slice(0, 8)}`
}
