/** What the window asks its user on its own account. */
import type { Translate } from '../shared/messages/index.ts'
import type { Shell } from './shell.ts'

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

/** Whether the page is to be shown anew. */
export async function askToShowAnew({ shell, words }: Asking, how: 'slow' | 'crashed'): Promise<boolean> {
  const answer = await shell.ask({
    message: words(`desktop.window.${how}`),
    detail: words(`desktop.window.${how}Detail`),
    buttons: [words('desktop.window.anew'), words(how === 'slow' ? 'desktop.window.wait' : 'desktop.dialog.quit')],
    cancel: 1,
    usual: how === 'slow' ? 1 : 0,
    warning: true,
  })
  return answer === 0
}

/** Whether the application ends although files are on their way; 0: it stays. */
export function askToLose({ shell, words }: Asking, count: number): Promise<number> {
  return shell.ask({
    message: words('desktop.quit.uploads', { count }),
    detail: words('desktop.quit.uploadsDetail'),
    buttons: [words('desktop.quit.stay'), words('desktop.dialog.quit')],
    cancel: 0,
    warning: true,
  })
}
