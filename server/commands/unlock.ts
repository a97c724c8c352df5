import { readFile } from 'node:fs/promises'
import { AppError } from '../../shared/errors.ts'
import type { Context } from '../context.ts'
import { withLibrary } from '../library.ts'
import { documentJson, stateOf, textOf, usageError } from '../present.ts'
import { safe } from '../text.ts'
import { findDocument, finish } from './documents.ts'

/** Reads a protected document with a password, which is typed unseen or stands in a file, and never on the command line. */
export async function unlockDocument(
  context: Context,
  name: string,
  { passwordFile, wait }: { passwordFile?: string; wait: boolean },
): Promise<void> {
  const { terminal, translate } = context
  if (passwordFile === undefined && !process.stdin.isTTY) throw usageError(translate('cli.usage.noTerminal'))
  await withLibrary(context, {}, async library => {
    const { core, scope } = library
    const found = await findDocument(library, ['live'], name)
    const password =
      passwordFile === undefined
        ? await askUnseen(translate('cli.documents.password', { file: safe(found.path) }), context.signal)
        : await firstLine(passwordFile)
    if (password === '') throw new AppError('password-wrong')
    const unlocked = await core.documents.unlock(scope, found.id, password)
    if (wait) await finish(context, library, [unlocked])
    else terminal.note(translate('cli.work.later'))
    const document = await core.documents.get(scope, found.id)
    if (document.state === 'failed') context.exitCode = 1
    if (context.json) {
      terminal.json({ document: documentJson(translate, document) })
      return
    }
    const why = document.reason ? ` – ${textOf(translate, document.reason)}` : ''
    terminal.out(`${safe(document.path)}: ${stateOf(translate, document.state)}${why}`)
  })
}

async function firstLine(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).replace(/^\uFEFF/, '').split(/\r?\n/, 1)[0] ?? ''
  } catch (cause) {
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    throw new AppError(missing ? 'file-missing' : 'file-unreadable', { file }, { cause })
  }
}

/** One line from the terminal, which shows nothing of it. */
function askUnseen(prompt: string, signal: AbortSignal): Promise<string> {
  const { stdin, stderr } = process
  return new Promise((resolve, reject) => {
    let typed = ''
    stderr.write(prompt)
    stdin.setRawMode(true)
    stdin.setEncoding('utf8')
    stdin.on('data', read)
    signal.addEventListener('abort', stop, { once: true })
    stdin.resume()

    function close(): void {
      stdin.off('data', read)
      signal.removeEventListener('abort', stop)
      stdin.setRawMode(false)
      stdin.pause()
      stderr.write('\n')
    }
    function stop(): void {
      close()
      reject(new AppError('cancelled'))
    }
    function read(text: string): void {
      for (const character of text) {
        if (character === '\r' || character === '\n' || character === '\x04') {
          close()
          resolve(typed)
          return
        }
        // In raw mode the terminal sends no signal for Ctrl-C.
        if (character === '\x03') {
          stop()
          return
        }
        if (character === '\x7f' || character === '\b') typed = [...typed].slice(0, -1).join('')
        else if (character === '\x15') typed = ''
        else if (character >= ' ') typed += character
      }
    }
  })
}
