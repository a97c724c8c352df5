/** Whether the application goes on when its window is closed: only where its user finds it again. */
import type { Translate } from '../../shared/messages/index.ts'
import type { PreferenceStore } from '../preferences.ts'
import type { Shell } from '../shell.ts'

export interface Staying {
  /** Asked when the window is closed. */
  stays(): boolean | Promise<boolean>
  /** Its window is closed, and it goes on: the first time its user is told, whatever else they want to be told. */
  tell(): void
}

export function createStaying({
  shell,
  preferences,
  words,
  show,
}: {
  shell: Pick<Shell, 'platform' | 'showsTray' | 'notify'>
  preferences: Pick<PreferenceStore, 'get' | 'change'>
  words: () => Translate
  show(): void
}): Staying {
  const mac = shell.platform === 'darwin'
  return {
    // On macOS every application does, and its icon stays in the dock.
    stays: () => mac || (preferences.get().tray && shell.showsTray()),
    tell() {
      if (mac || preferences.get().toldStaying) return
      void preferences.change({ toldStaying: true }).catch(() => {})
      shell.notify({
        title: words()('desktop.note.staying'),
        body: words()('desktop.note.stayingBody'),
        clicked: show,
      })
    },
  }
}
