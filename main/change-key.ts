/** What a user does about the key of the library: puts it under a passphrase, opens it with one, or does without it. */
import type { KeyState } from '../shared/api/desktop.ts'
import { AppError } from '../shared/errors.ts'
import type { Translate } from '../shared/messages/index.ts'
import type { Log } from '../shared/ports.ts'
import { type LibraryKey, leastPassphrase, protectLibraryKey, unlockLibraryKey } from './keychain/library-key.ts'
import type { LibraryUse } from './library-use.ts'
import type { Library } from './open-library.ts'
import type { Shell } from './shell.ts'

/** All throw `library-busy`, and `key-pending` while the keychain is asked. */
export interface KeyChanges {
  /** Null until it is known. */
  state(): KeyState | null
  /** Throws `passphrase-short`. */
  protect(passphrase: string): Promise<KeyState>
  /** Throws `passphrase-wrong`. */
  unlock(passphrase: string): Promise<KeyState>
  /** After a question. */
  giveUp(): Promise<KeyState>
}

export function createKeyChanges({
  shell,
  words,
  use,
  library,
  keyGiven,
  restart,
  changed,
  log,
}: {
  shell: Pick<Shell, 'ask'>
  words: () => Translate
  use: Pick<LibraryUse, 'beside' | 'refuse'>
  library: Pick<Library, 'dataDirectory' | 'key' | 'setKey' | 'renewKey'>
  /** The environment names another key, which holds: here is nothing to be done. */
  keyGiven: boolean
  /** The server, with the key there is now. */
  restart(): Promise<void>
  changed(state: KeyState): void
  log: Log
}): KeyChanges {
  let last: Promise<unknown> = Promise.resolve()

  /** One after the other: each try takes 128 MB for a moment, and two at once would both write where the key is. */
  function alone(run: () => Promise<KeyState>): Promise<KeyState> {
    const next = last.then(() => {
      use.refuse()
      return run()
    })
    last = next.catch(() => {})
    return next
  }

  const change = (run: () => Promise<void>): Promise<KeyState> =>
    use.beside(async () => {
      const before = keyText(library.key())
      await run()
      changed(known())
      // One that only lies elsewhere now the server has already.
      if (keyText(library.key()) !== before) await restart()
      return known()
    })

  function state(): KeyState | null {
    const key = library.key()
    if (keyGiven) return { state: 'ready', place: null }
    if (!key) return null
    return { state: key.state, place: 'place' in key ? key.place : null }
  }

  /** Nobody has anything to say about one that the keychain is still asked for. */
  function known(): KeyState {
    const now = state()
    if (!now) throw new AppError('key-pending')
    return now
  }

  const is = (...states: readonly KeyState['state'][]) => !keyGiven && states.includes(known().state)

  return {
    state,
    protect: passphrase =>
      alone(async () => {
        if (!is('open', 'none')) return known()
        return change(async () => {
          const key = await protectLibraryKey({ dataDirectory: library.dataDirectory, log }, passphrase)
          if (!key) throw new AppError('passphrase-short', { min: leastPassphrase })
          library.setKey(key)
        })
      }),
    unlock: passphrase =>
      alone(async () => {
        if (!is('locked')) return known()
        return change(async () => {
          const key = await unlockLibraryKey(library.dataDirectory, passphrase)
          if (!key) throw new AppError('passphrase-wrong')
          library.setKey(key)
        })
      }),
    async giveUp() {
      use.refuse()
      if (!is('locked', 'lost')) return known()
      // Behind no other and before none: a question may go with its window and never be answered.
      const answer = await shell.ask({
        message: words()('desktop.secrets.giveUp'),
        detail: words()('desktop.secrets.giveUpDetail'),
        buttons: [words()('desktop.secrets.anew'), words()('desktop.dialog.cancel')],
        cancel: 1,
        usual: 1,
        warning: true,
      })
      if (answer !== 0) return known()
      return alone(async () => {
        // Meanwhile the passphrase may have come to mind.
        if (!is('locked', 'lost')) return known()
        return change(async () => void (await library.renewKey()))
      })
    },
  }
}

const keyText = (key: LibraryKey | undefined) => (key && 'key' in key ? key.key : undefined)
