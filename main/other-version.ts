/**
 * What safe mode says of other versions: updates are looked for and fetched through the server, which does not run then. One that is fetched
 * already needs no server to be installed, and takes its place as ever (`updates/`).
 */
import type { Translate } from '../shared/messages/index.ts'
import type { SafeReason } from './data/safe-mode.ts'
import type { Shell } from './shell.ts'

/** Undefined where no other version would help. `previous`: which one was here before this one. */
export function adviseVersion({
  words,
  shell: { version: current, channel },
  why,
  previous,
}: {
  words: Translate
  shell: Pick<Shell, 'version' | 'channel'>
  why: SafeReason
  previous: string | null
}): string | undefined {
  const code = why.why === 'refused' ? why.reason.code : undefined
  const isNewer = code === 'data-newer'
  if (!isNewer && code !== 'internal' && why.why !== 'crashed') return undefined
  return [
    words('desktop.safe.version', { current }),
    ...(!isNewer && previous !== null ? [words('desktop.safe.versionBefore', { current, previous })] : []),
    ...(channel ? [words('desktop.safe.versionFrom', { url: channel.url })] : []),
  ].join(' ')
}
