/** What a start, a second start, or the system hands over: files to add and links to follow, among options that are Chromium's. */
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { type DeepLink, isLink, parseLink } from './deep-links.ts'

export interface Handed {
  /** Files and folders that are there, each once, in their order. */
  files: readonly string[]
  links: readonly DeepLink[]
  /** As they were given: not there, or nothing of ours. To be said. */
  refused: readonly string[]
  /** There were more words than are read. To be said, too. */
  more: boolean
}

/** Files at once, and words of a start. For more, a folder is followed. */
export const mostHanded = 20_000

/**
 * `args`: behind the program's own name, and in a checkout behind the folder of the application. `cwd`: that of the process that was
 * started, which is not this one when it is the second.
 */
export async function readHanded(
  args: readonly string[],
  { cwd, platform = process.platform }: { cwd: string; platform?: NodeJS.Platform },
): Promise<Handed> {
  const files = new Map<string, string>()
  const links: DeepLink[] = []
  const refused: string[] = []
  let onlyNames = false
  let isValue = false
  for (const arg of args.slice(0, mostHanded)) {
    const before = isValue
    // Which library it is about has been read already, and is no folder to add.
    isValue = !onlyNames && arg === '--data'
    if (before || arg === '' || arg.includes('\0')) continue
    if (!onlyNames && arg === '--') {
      onlyNames = true
      continue
    }
    // Also those that the system adds (`-psn_0_123` of macOS, `--squirrel-…`); Windows' own begin with a slash, as no file there does.
    if (!onlyNames && arg.startsWith('-')) continue
    if (!onlyNames && isLink(arg)) {
      const link = parseLink(arg)
      if (link) links.push(link)
      else refused.push(arg)
      continue
    }
    const file = pathOf(arg, cwd, platform)
    const found = file === undefined ? undefined : await stat(file).catch(() => undefined)
    // Pipes and devices have no end.
    if (file !== undefined && (found?.isFile() || found?.isDirectory())) files.set(file, file)
    else refused.push(arg)
  }
  return { files: [...files.keys()], links, refused, more: args.length > mostHanded }
}

function pathOf(arg: string, cwd: string, platform: NodeJS.Platform): string | undefined {
  const windows = platform === 'win32'
  if (/^file:/i.test(arg)) {
    try {
      const url = new URL(arg)
      // Those of another machine would make this one ask it, and say who it is.
      return url.host === '' || url.host === 'localhost' ? fileURLToPath(url, { windows }) : undefined
    } catch {
      return undefined
    }
  }
  // A drive is one letter; whatever else looks like a scheme is an address, and no file of that name is looked for.
  if (/^[a-z][a-z\d+.-]+:(?:\/\/|[^\\])/i.test(arg)) return undefined
  return (windows ? path.win32 : path.posix).resolve(cwd, arg)
}
