/** Questions of the system's kind: how they are asked, and over which window. */
import type { Question } from '../shell.ts'

/** As Electron takes them. */
export function messageBoxOf({ message, detail, buttons, cancel, usual = 0, warning = false, signal }: Question) {
  return {
    type: warning ? ('warning' as const) : ('question' as const),
    message,
    ...(detail !== undefined && { detail }),
    buttons: [...buttons],
    cancelId: cancel,
    defaultId: usual,
    noLink: true,
    ...(signal && { signal }),
  }
}

/** What one stands over. */
export interface AskedOver {
  /** The small window over everything. */
  quick: boolean
  /** Shown, and not minimized. */
  visible: boolean
  focused: boolean
}

/**
 * Never the small one: it hides when the question takes the keys, and with it, on macOS, a question that hangs on it, as if it had been
 * answered with Escape. One that nobody sees gives no answer either. Without any, macOS stops all of this process until it is answered, and
 * knows no `signal` that closes it; so there a window is to be shown first (`show`).
 */
export function chooseQuestionWindow<Window extends AskedOver>(
  windows: readonly Window[],
  platform: NodeJS.Platform,
): { window: Window | undefined; show: boolean } {
  const fit = windows.filter(({ quick }) => !quick)
  const seen = fit.find(({ focused, visible }) => focused && visible) ?? fit.find(({ visible }) => visible)
  if (seen || platform !== 'darwin') return { window: seen, show: false }
  return { window: fit[0], show: fit.length > 0 }
}
