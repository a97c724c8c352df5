/** How the product sends mail by itself. */
import type { Mailbox } from '../shared/model/mail-address.ts'
import { parseMailbox } from '../shared/model/mail-address.ts'
import type { Environment, IgnoredSetting, NumberOf } from './config.ts'
import { isLoopback } from './loopback.ts'

export interface SmtpConfig {
  kind: 'smtp'
  host: string
  port: number
  secure: 'tls' | 'starttls' | 'none'
  user?: string
  password?: string
}

export interface ResendConfig {
  kind: 'resend'
  key: string
}

/** Mail is sent where both are there. */
export interface MailConfig {
  server?: SmtpConfig | ResendConfig
  from?: Mailbox
}

const ports = { tls: 465, starttls: 587, none: 25 }
const securities: Record<string, SmtpConfig['secure']> = {
  // As other programs mean it: encrypted from the first byte, or by STARTTLS. Here that is never left to the server.
  ...{ tls: 'tls', ssl: 'tls', true: 'tls', '1': 'tls', yes: 'tls', on: 'tls' },
  ...{ starttls: 'starttls', false: 'starttls', '0': 'starttls', no: 'starttls' },
  ...{ none: 'none', plain: 'none', off: 'none' },
}

export function mailOf(environment: Environment, number: NumberOf, ignored: IgnoredSetting[]): MailConfig {
  const text = (name: string) => environment[name]?.trim() || undefined
  const smtp = smtpOf(environment, number, ignored)
  const key = text('RESEND_API_KEY')
  if (smtp && key) ignored.push({ variable: 'RESEND_API_KEY', given: '…', inForce: `SMTP ${smtp.host}` })
  const server = smtp ?? (key ? ({ kind: 'resend', key } as const) : undefined)
  const given = text('FROM_EMAIL')
  // Of one with a mailbox there, the login is mostly its address.
  const from = parseMailbox(given ?? smtp?.user ?? '')
  if (given !== undefined && !from) ignored.push({ variable: 'FROM_EMAIL', given: given.slice(0, 80), inForce: '–' })
  return { ...(server && { server }), ...(from && { from }) }
}

function smtpOf(environment: Environment, number: NumberOf, ignored: IgnoredSetting[]): SmtpConfig | undefined {
  const text = (name: string) => environment[name]?.trim() || undefined
  const address = text('SMTP_URL')
  const url = address === undefined ? undefined : readUrl(address)
  // What cannot be read may hold a password anywhere.
  if (address !== undefined && !url) ignored.push({ variable: 'SMTP_URL', given: '…', inForce: '–' })
  const host = url?.host ?? text('SMTP_HOST')
  if (host === undefined) return undefined
  const [given, typed] = [
    text('SMTP_SECURE'),
    number('SMTP_PORT', { otherwise: 0, least: 0, most: 65_535, whole: true }),
  ]
  const port = url?.port ?? (typed || undefined)
  const told = given === undefined ? undefined : securities[given.toLowerCase()]
  const usual = port === 465 ? 'tls' : isLoopback(host) ? 'none' : 'starttls'
  const secure = told ?? url?.secure ?? usual
  if (given !== undefined && told === undefined)
    ignored.push({ variable: 'SMTP_SECURE', given: given.slice(0, 80), inForce: secure })
  const [user, password] = [url?.user ?? text('SMTP_USER'), url?.password ?? environment.SMTP_PASSWORD?.trim()]
  return {
    kind: 'smtp',
    host,
    port: port ?? ports[secure],
    secure,
    ...(user !== undefined && { user }),
    ...(password && { password }),
  }
}

/** `smtp://user:password@host:port`, `smtps://…`. */
function readUrl(address: string): (Partial<SmtpConfig> & { host: string }) | undefined {
  const url = /^smtps?:\/\//i.test(address) ? URL.parse(address.replace(/^smtp/i, 'http')) : null
  const port = /:(\d+)$/.exec(/^smtps?:\/\/([^/?#]*)/i.exec(address)?.[1] ?? '')?.[1]
  const secure = /^smtps:/i.test(address) ? 'tls' : undefined
  if (!url || url.hostname === '') return undefined
  try {
    const [user, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)]
    return {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      ...(port !== undefined && { port: Number(port) }),
      ...(secure && { secure }),
      ...(user && { user }),
      ...(password && { password }),
    }
  } catch {
    return undefined
  }
}
