/**
 * Spelling without calling home. macOS checks by itself. Elsewhere Chromium does, with dictionaries that it would fetch from a server of
 * Google's: it is given an address of this machine where nobody listens, and only languages whose dictionary lies on the disk already.
 */
import { readdir } from 'node:fs/promises'

/** For `setSpellCheckerDictionaryDownloadURL`, which has no “none”: port 9 of this machine throws away what it is sent, where it is open. */
export const nowhere = 'http://127.0.0.1:9/'

export type Spelling =
  /** The system's own; languages are its business. */
  { by: 'system' } | { by: 'dictionaries'; languages: readonly string[] } | { by: 'nobody' }

/**
 * `folder`: `Dictionaries` of the profile, where Chromium keeps them as `de-DE-3-0.bdic` (for `de`, as it calls that); an administrator may put some there. `available`:
 * what this Chromium could have (`availableSpellCheckerLanguages`).
 */
export async function decideSpelling({
  platform,
  languages,
  available,
  folder,
}: {
  platform: NodeJS.Platform
  /** Those of the user, the best first. */
  languages: readonly string[]
  available: readonly string[]
  folder: string
}): Promise<Spelling> {
  if (platform === 'darwin') return { by: 'system' }
  const files = await readdir(folder).catch(() => [])
  const there = available.filter(name =>
    files.some(file => file.toLowerCase().startsWith(`${name.toLowerCase()}-`) && file.endsWith('.bdic')),
  )
  const wanted = languages.flatMap(language => {
    const exact = there.filter(name => name.toLowerCase() === language.toLowerCase())
    const base = language.split('-')[0]?.toLowerCase()
    return [...exact, ...there.filter(name => name.split('-')[0]?.toLowerCase() === base)]
  })
  const chosen = [...new Set(wanted)]
  return chosen.length > 0 ? { by: 'dictionaries', languages: chosen } : { by: 'nobody' }
}
