import path from 'node:path'
import type { CommanderError } from 'commander'
import { AppError, reasonOf, toAppError } from '../shared/errors.ts'
import type { ErrorCode } from '../shared/model/index.ts'
import type { Context } from './context.ts'
import { interruptedCode } from './interrupts.ts'
import { errorText, reasonJson, usageError } from './present.ts'
import { safe } from './text.ts'

const usageCode = 2
/** Mistakes in what was typed. */
const typed: readonly ErrorCode[] = ['usage', 'question-empty', 'question-too-long', 'name-invalid']

/** Tells what ended the command, in the user's words; in full only to the log. Returns the exit code. */
export function report(context: Context, thrown: unknown): number {
  const { terminal, translate, interrupts } = context
  if (isCommanderError(thrown) && thrown.exitCode === 0) return 0
  // Nobody reads on: the output's own trouble was told already, and a reader that left (`| head`) is no failure.
  if (context.signal.aborted && !interrupts.interrupted) return context.exitCode
  terminal.live([])
  if (isCommanderError(thrown) && thrown.code === 'commander.help' && !context.json) return usageCode

  const error = interrupts.interrupted
    ? new AppError('cancelled')
    : isCommanderError(thrown)
      ? usageError(usageText(context, thrown))
      : toAppError(thrown)
  if (error.code === 'internal') context.log().error('command failed', { error: thrown })
  else if (error.cause !== undefined) context.log().warn('command refused', { error })

  if (context.json && !terminal.answered) terminal.json({ error: reasonJson(translate, reasonOf(error)) })
  else {
    terminal.note(errorText(translate, error))
    if (error.code === 'internal') {
      const file = path.join(context.config().dataDirectory, 'logs', 'cloister.log')
      terminal.note(translate('cli.log', { file: safe(file) }))
    }
    if (isCommanderError(thrown)) terminal.note(translate('cli.usage.hint'))
  }
  if (error.code === 'cancelled') return interruptedCode
  return typed.includes(error.code) ? usageCode : 1
}

/** Commander's complaints are English sentences: the code says which, the quotation marks hold what it is about. */
function usageText({ translate }: Context, { code, message }: CommanderError): string {
  const name = /'([^']*)'/.exec(message)?.[1] ?? ''
  const meant = /\(Did you mean (?:one of )?(.+?)\?\)/.exec(message)?.[1]
  const suggestion = meant === undefined ? '' : ` ${translate('cli.usage.meant', { name: meant })}`
  if (code === 'commander.unknownCommand') return translate('cli.usage.command', { name }) + suggestion
  if (code === 'commander.unknownOption') return translate('cli.usage.option', { name }) + suggestion
  if (code === 'commander.missingArgument') return translate('cli.usage.argument')
  if (code === 'commander.optionMissingArgument') return translate('cli.usage.value', { name })
  if (code === 'commander.excessArguments') return translate('cli.usage.excess')
  if (code === 'commander.help') return translate('cli.usage.none')
  return message
}

function isCommanderError(error: unknown): error is CommanderError {
  return error instanceof Error && 'exitCode' in error && 'code' in error && String(error.code).startsWith('commander.')
}
