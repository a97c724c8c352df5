/** What a user is asked where the key of the library is not to be had: everything else works without it. */
import type { Translate } from '../shared/messages/index.ts'
import type { Library } from './open-library.ts'
import type { Shell } from './shell.ts'

/** True where there is another key now, which the server has to be started anew for. */
export async function askForKey({
  shell,
  words,
  library,
}: {
  shell: Pick<Shell, 'ask'>
  words: Translate
  library: Pick<Library, 'key' | 'renewKey'>
}): Promise<boolean> {
  if (library.key()?.state !== 'lost') return false
  const answer = await shell.ask({
    message: words('desktop.secrets.lost'),
    detail: words('desktop.secrets.lostDetail'),
    buttons: [words('desktop.secrets.later'), words('desktop.secrets.anew')],
    cancel: 0,
  })
  if (answer !== 1) return false
  return (await library.renewKey()).state !== 'lost'
}
