import { readFile } from 'node:fs/promises'
import { AppError } from '../../shared/errors.ts'
import type { Context } from '../context.ts'
import { withLibrary } from '../library.ts'
import { documentJson, stateOf, textOf, usageError } from '../present.ts'
import { safe } from '../text.ts'
import { askUnseen } from '../unseen.ts'
import { findDocument, finish } from './documents.ts'

/** Reads a protected document with a password, which is typed unseen or stands in a file, and never on the command line. */
export async function unlockDocument(
  context: Context,
  name: string,
  { passwordFile, wait }: { passwordFile?: string; wait: boolean },
): Promise<void> {
  const { terminal, translate } = context
  if (passwordFile === undefined && !process.stdin.isTTY) throw usageError(translate('cli.usage.noTerminal'))
  await withLibrary(context, { need: 'write' }, async library => {
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
