/** Names in an archive that every system can unpack: none twice, in either case, and no file where a folder is. */

// What Windows takes for devices: https://learn.microsoft.com/windows/win32/fileio/naming-a-file
const devices = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i
const longest = 200

export function safePart(part: string): string {
  const clean = part
    .toWellFormed()
    .normalize('NFC')
    .replace(/[<>:"/\\|?*\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu, '_')
  const ending = /\.[^.]{1,16}$/.exec(clean)?.[0] ?? ''
  const short = clean.length > longest ? clean.slice(0, longest - ending.length).toWellFormed() + ending : clean
  const ended = short.replace(/[. ]+$/, '').trimStart()
  if (ended === '') return '_'
  return devices.test(ended) ? `_${ended}` : ended
}

/** Gives each path a name of its own, below the folder. A file out of another stands in a folder beside it: `mail.eml (2)/a.pdf`. */
export function createNames(): (path: string, ending?: string) => string {
  const files = new Set<string>()
  /** By the path that was meant. */
  const folders = new Map<string, string>()
  const taken = new Set<string>()
  const folded = (name: string) => name.toLowerCase()

  function folderOf(parts: readonly string[]): string {
    if (parts.length === 0) return ''
    const meant = folded(parts.join('/'))
    const known = folders.get(meant)
    if (known !== undefined) return known
    const above = folderOf(parts.slice(0, -1))
    const name = free(above, parts.at(-1) as string, candidate => files.has(candidate))
    taken.add(folded(name))
    const folder = `${name}/`
    folders.set(meant, folder)
    return folder
  }

  return (path, ending = '') => {
    const parts = path.split('/').filter(part => part !== '')
    const safe = (parts.length === 0 ? ['_'] : parts).map(safePart)
    const folder = folderOf(safe.slice(0, -1))
    const last = `${safe.at(-1)}${ending}`
    const name = free(folder, last, candidate => files.has(candidate) || taken.has(candidate))
    files.add(folded(name))
    return name
  }

  function free(folder: string, name: string, isTaken: (candidate: string) => boolean): string {
    const [, stem, ending] = /^(.+?)(\.[^.]{1,16})?$/s.exec(name) ?? [name, name, '']
    for (let number = 1; ; number += 1) {
      const candidate = folder + (number === 1 ? name : `${stem} (${number})${ending ?? ''}`)
      if (!isTaken(folded(candidate))) return candidate
    }
  }
}
