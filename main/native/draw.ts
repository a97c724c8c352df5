/** Menus, the icon in the notification area and the progress on the dock, as things are. */
import { isDeepStrictEqual } from 'node:util'
import type { Translate } from '../../shared/messages/index.ts'
import type { LoneWork } from '../library-use.ts'
import type { Preferences } from '../preferences.ts'
import type { Shell } from '../shell.ts'
import { type MenuItem, menuOf } from './menu.ts'
import type { Progress } from './progress.ts'
import { type TrayContent, trayOf } from './tray.ts'

export interface Drawn {
  words: Translate
  preferences: Pick<Preferences, 'language' | 'theme' | 'notifications' | 'tray' | 'keepRecent' | 'recent'>
  /** The keys in force. */
  shortcut: string | null
  unprotected: boolean
  open: boolean
  /** What somebody does alone with the library. */
  alone: LoneWork | undefined
  progress: Progress
  /** Of whatever is in work. */
  part: number | undefined
  /** Why all work stands still. */
  trouble: string | null
  ending: boolean
}

export function createDrawing(
  shell: Pick<Shell, 'platform' | 'setMenu' | 'setTray' | 'setProgress'>,
): (now: Drawn) => void {
  let drawn: { menu?: readonly MenuItem[]; tray?: TrayContent | null } = {}
  return ({ words, preferences, shortcut, unprotected, open, alone, progress, part, trouble, ending }) => {
    const { language, theme, notifications, tray, keepRecent, recent } = preferences
    const chosen = { language, theme, notifications, tray, keepRecent, recent }
    const state = { ...chosen, shortcut, unprotected, open, alone: alone !== undefined }
    const menu = menuOf({ words, platform: shell.platform, state })
    const content =
      tray && !ending
        ? trayOf({
            words,
            progress,
            shortcut,
            open,
            ...(trouble !== null && { trouble }),
            ...(alone && { alone }),
          })
        : null
    // Called with every document that gets on: a menu that is replaced while it is open closes under its user's hand.
    if (!isDeepStrictEqual(menu, drawn.menu)) shell.setMenu(menu)
    if (!isDeepStrictEqual(content, drawn.tray)) shell.setTray(content)
    drawn = { menu, tray: content }
    shell.setProgress(alone ? (alone.part ?? 'unknown') : part)
  }
}
