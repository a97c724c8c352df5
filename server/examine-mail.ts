import { Socket } from 'node:net'
import { AppError } from '../shared/errors.ts'
import type { Finding } from './commands/doctor.ts'
import type { Context } from './context.ts'
import { isLoopback } from './loopback.ts'
import { textOf } from './present.ts'
import { safe } from './text.ts'

const patience = 5000

/**
 * How mail goes out, and whether somebody listens there: a connection that not one byte of ours goes over, so that it needs no
 * ledger, which `doctor` does not open.
 */
export async function* examineMail(context: Context): AsyncGenerator<Finding> {
  const { translate } = context
  const { auth, mail, outgoing } = context.config()
  if (auth.mode !== 'server') return
  const { server, from } = mail
  if (!server) return yield { name: 'mail', state: 'warn', text: translate('cli.doctor.mailOff') }
  if (!from) return yield { name: 'mail', state: 'bad', text: translate('cli.doctor.mailFrom') }
  const at = server.kind === 'smtp' ? { host: server.host, port: server.port } : { host: 'api.resend.com', port: 443 }
  const names = { host: safe(`${at.host}:${at.port}`), from: safe(from.address) }
  const problem =
    outgoing.offline && !isLoopback(at.host)
      ? new AppError('egress-refused', { host: at.host, why: 'offline' })
      : await reach(at)
  if (!problem) yield { name: 'mail', state: 'ok', text: translate('cli.doctor.mail', names) }
  else {
    const detail = textOf(translate, problem)
    yield { name: 'mail', state: 'bad', text: translate('cli.doctor.mailBad', { ...names, detail }) }
  }
}

function reach({ host, port }: { host: string; port: number }): Promise<AppError | undefined> {
  return new Promise(resolve => {
    const socket = new Socket()
    const end = (problem?: AppError) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(problem)
    }
    const timer = setTimeout(() => end(new AppError('mail-silent', { host })), patience)
    socket
      .once('connect', () => end())
      .once('error', (error: NodeJS.ErrnoException) =>
        end(new AppError('mail-unreachable', { host, detail: error.code ?? 'broken' })),
      )
      .connect(port, host)
  })
}
