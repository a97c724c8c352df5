import { type AppError, toAppError } from '../shared/errors.ts'
import type { Finding } from './commands/doctor.ts'
import { demandServerMode } from './config-auth.ts'
import { demandOrigins, demandProxies } from './config-edge.ts'
import type { Context } from './context.ts'
import { textOf } from './present.ts'
import { safe } from './text.ts'

/** What a server with accounts would not start without; nothing in local mode. */
export function* examineEdge({ translate, config }: Pick<Context, 'translate' | 'config'>): Generator<Finding> {
  const { auth, edge } = config()
  if (auth.mode !== 'server') return
  const problems: AppError[] = []
  const attempt = <T>(demand: () => T): T | undefined => {
    try {
      return demand()
    } catch (error) {
      problems.push(toAppError(error))
      return undefined
    }
  }
  const mode = attempt(() => demandServerMode(auth, '127.0.0.1'))
  attempt(() => demandOrigins(edge))
  const count = mode && attempt(() => demandProxies(edge, mode.publicUrl))
  for (const problem of problems) yield { name: 'server', state: 'bad', text: textOf(translate, problem) }
  if (!mode || count === undefined || problems.length > 0) return
  const url = safe(mode.publicUrl)
  const text = count === 0 ? translate('cli.doctor.noProxy', { url }) : translate('cli.doctor.proxies', { url, count })
  yield { name: 'server', state: 'ok', text }
}
