/** The icon in the notification area or the menu bar: what goes on, and the few things one wants without a window. */
import type { Translate } from '../../shared/messages/index.ts'
import type { LoneWork } from '../library-use.ts'
import type { MenuItem } from './menu.ts'
import type { Progress } from './progress.ts'

export interface TrayContent {
  tooltip: string
  items: readonly MenuItem[]
}

/** Among the icons that are shipped. */
export const trayIcon = (platform: NodeJS.Platform): string =>
  platform === 'darwin' ? 'trayTemplate.png' : platform === 'win32' ? 'tray.ico' : 'tray.png'

/** `open`: whether the library is. `trouble`: why all work stands still, in the user's words. */
export function trayOf({
  words,
  progress: { open: reading, paused, part },
  shortcut,
  open,
  trouble,
  alone,
}: {
  words: Translate
  progress: Progress
  shortcut: string | null
  open: boolean
  trouble?: string
  /** What somebody does alone with the library. */
  alone?: LoneWork
}): TrayContent {
  const percent = Math.floor((part ?? 0) * 100)
  const status = alone
    ? loneText(alone, words)
    : trouble
      ? words('desktop.tray.trouble')
      : reading > 0
        ? words('desktop.tray.reading', { count: reading, percent })
        : paused > 0
          ? words('desktop.tray.paused', { count: paused })
          : words('desktop.tray.idle')
  const separator: MenuItem = { type: 'separator' }
  const action = (
    label: string,
    action: Extract<MenuItem, { type: 'action' }>['action'],
    enabled = true,
  ): MenuItem => ({
    type: 'action',
    action,
    label,
    enabled,
  })
  return {
    // Windows shows 127 characters, and cuts in the middle of one.
    tooltip: [...`Cloister – ${status}`].slice(0, 120).join(''),
    items: [
      { type: 'text', label: status },
      ...(reading > 0 ? [action(words('desktop.tray.pauseAll'), { name: 'pause-all' }, open)] : []),
      ...(paused > 0 ? [action(words('desktop.tray.resumeAll'), { name: 'resume-all' }, open)] : []),
      separator,
      {
        type: 'action',
        action: { name: 'quick' },
        label: words('desktop.tray.ask'),
        enabled: open,
        ...(shortcut && { accelerator: shortcut, shownOnly: true }),
      },
      action(words('desktop.tray.show'), { name: 'show-window' }),
      separator,
      action(words('desktop.tray.quit'), { name: 'quit' }),
    ],
  }
}

function loneText({ doing, part }: LoneWork, words: Translate): string {
  const text = words(`desktop.lone.${doing}`)
  return part === undefined ? text : `${text} (${words('desktop.lone.percent', { percent: Math.floor(part * 100) })})`
}
