/** What a question of the system's kind stands over. */
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
