/** What the window asks its user on its own account. */
import type { Translate } from '../shared/messages/index.ts'
import type { Log } from '../shared/ports.ts'
import type { SideWork } from './library-use.ts'
import type { Shell } from './shell.ts'

/** Names that a dialog holds. */
const mostNamed = 8

interface Asking {
  shell: Pick<Shell, 'ask'>
  words: Translate
}

/** Whether another program may open it. */
export async function askToOpen({ shell, words }: Asking, shown: string, kind: 'mail' | 'page'): Promise<boolean> {
  const answer = await shell.ask({
    message: words(kind === 'mail' ? 'desktop.external.mail' : 'desktop.external.page', { shown }),
    detail: words('desktop.external.detail'),
    buttons: [words('desktop.external.open'), words('desktop.dialog.cancel')],
    cancel: 1,
    usual: 1,
  })
  return answer === 0
}

/** Whether the page is to be shown anew: not, where nobody can be asked. `signal`: its window is gone. */
export async function askToShowAnew(
  { shell, words, log }: Asking & { log: Log },
  how: 'slow' | 'crashed',
  signal: AbortSignal,
): Promise<boolean> {
  const question = {
    message: words(`desktop.window.${how}`),
    detail: words(`desktop.window.${how}Detail`),
    buttons: [words('desktop.window.anew'), words(how === 'slow' ? 'desktop.window.wait' : 'desktop.dialog.quit')],
    cancel: 1,
    usual: how === 'slow' ? 1 : 0,
    warning: true,
    signal,
  }
  const answer = await shell.ask(question).catch(error => {
    log.error('nobody can be asked about the page', { how, error })
    return question.cancel
  })
  return answer === 0
}

/** Whether the library is moved although files are on their way to it, which the move breaks off. */
export async function askToBreakOff({ shell, words }: Asking, count: number): Promise<boolean> {
  const answer = await shell.ask({
    message: words('desktop.quit.uploads', { count }),
    detail: words('desktop.move.uploadsDetail'),
    buttons: [words('desktop.quit.stay'), words('desktop.move.move')],
    cancel: 0,
    warning: true,
  })
  return answer === 1
}

/** Whether the application ends although files are on their way, or work beside the server breaks off. `signal` closes it: it stays. */
export async function askToQuit(
  { shell, words }: Asking,
  { uploads, besides }: { uploads: number; besides: readonly SideWork[] },
  signal: AbortSignal,
): Promise<boolean> {
  const lost = [
    ...(uploads > 0 ? [[words('desktop.quit.uploads', { count: uploads }), words('desktop.quit.uploadsDetail')]] : []),
    ...besides.map(doing => [words(`desktop.quit.${doing}`), words(`desktop.quit.${doing}Detail`)]),
  ]
  const [first = [], ...more] = lost
  const answer = await shell.ask({
    message: first[0] ?? '',
    detail: [first[1], ...more.map(([what, then]) => `${what}. ${then}`)].join('\n\n'),
    buttons: [words('desktop.quit.stay'), words('desktop.dialog.quit')],
    cancel: 0,
    warning: true,
    signal,
  })
  return answer === 1
}

/** Of files and folders that were handed over, or their names: they are not there, or cannot be read. */
export async function tellUnread({ shell, words }: Asking, names: readonly string[]): Promise<void> {
  const shown = names.slice(0, mostNamed)
  const rest = names.length - shown.length
  if (rest > 0) shown.push(words('desktop.safe.more', { count: rest }))
  await shell.ask({
    message: words('desktop.handed.unread', { count: names.length }),
    detail: shown.join('\n'),
    buttons: [words('desktop.dialog.ok')],
    cancel: 0,
    warning: true,
  })
}

/** Whether a folder is to be followed, as more files were handed over than are taken. */
export async function askToFollow({ shell, words }: Asking, most: number): Promise<boolean> {
  const answer = await shell.ask({
    message: words('desktop.handed.more', { most: new Intl.NumberFormat(words.language).format(most) }),
    detail: words('desktop.handed.moreDetail'),
    buttons: [words('desktop.menu.followFolder'), words('desktop.dialog.ok')],
    cancel: 1,
    warning: true,
  })
  return answer === 0
}
