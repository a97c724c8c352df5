/** A real SMTP server that keeps what it is sent, and fails as it is told. */
import PostalMime, { type Email } from 'postal-mime'
import { SMTPServer } from 'smtp-server'
import { certificate, key } from '../shared/db/postgres/fixture.ts'

export { certificate } from '../shared/db/postgres/fixture.ts'

export interface CaughtMail {
  from: string
  to: string[]
  /** As it came. */
  raw: string
  parsed: Email
  /** Whether it came encrypted, and who had logged in. */
  secure: boolean
  user: string | undefined
}

export interface MailCatcher {
  port: number
  mails: CaughtMail[]
  /** Connections so far. */
  connections: number
  logins: number
  close(): Promise<void>
}

export interface CatcherOptions {
  /** `starttls` offers it, `tls` begins with it; without, there is none. */
  secure?: 'starttls' | 'tls'
  /** Without, nobody can log in, and nobody need. */
  account?: { user: string; password: string }
  /** Asked before each mail is taken, with how many were tried: an answer like `451 4.7.1 later` refuses it, `close` breaks off. */
  refuse?(attempt: number): string | undefined
  /** Asked at the recipient's address; `hang` leaves it without an answer. */
  refuseRecipient?(): string | undefined
}

export async function openMailCatcher({
  secure,
  account,
  refuse,
  refuseRecipient,
}: CatcherOptions = {}): Promise<MailCatcher> {
  let attempts = 0
  const caught = { mails: [] as CaughtMail[], connections: 0, logins: 0 }
  const server = new SMTPServer({
    name: 'catcher',
    secure: secure === 'tls',
    cert: certificate,
    key,
    disabledCommands: [...(secure ? [] : ['STARTTLS']), ...(account ? [] : ['AUTH'])],
    authOptional: !account,
    // Told by the tests whether it is encrypted.
    allowInsecureAuth: true,
    disableReverseLookup: true,
    onConnect(_, done) {
      caught.connections += 1
      done()
    },
    onAuth(login, _, done) {
      caught.logins += 1
      if (login.username === account?.user && login.password === account?.password)
        return done(null, { user: login.username })
      done(coded('535 5.7.8 who are you'))
    },
    onRcptTo(_, __, done) {
      const answer = refuseRecipient?.()
      if (answer === 'hang') return
      done(answer === undefined ? null : coded(answer))
    },
    onData(stream, session, done) {
      attempts += 1
      const answer = refuse?.(attempts)
      const parts: Buffer[] = []
      stream.on('data', (part: Buffer) => parts.push(part))
      stream.on('end', async () => {
        if (answer === 'close') {
          for (const connection of server.connections) connection.close()
          return
        }
        if (answer !== undefined) return done(coded(answer))
        const raw = Buffer.concat(parts)
        caught.mails.push({
          from: session.envelope.mailFrom === false ? '' : session.envelope.mailFrom.address,
          to: session.envelope.rcptTo.map(({ address }) => address),
          raw: raw.toString('latin1'),
          parsed: await PostalMime.parse(raw),
          secure: session.secure,
          user: session.user as string | undefined,
        })
        done()
      })
    },
  })
  server.on('error', () => {})
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.server.address()
  if (address === null || typeof address === 'string') throw new Error('it does not listen')
  return Object.assign(caught, {
    port: address.port,
    close: () => new Promise<void>(resolve => server.close(() => resolve())),
  })
}

function coded(answer: string): Error {
  const [, code, text] = /^(\d{3}) (.*)$/.exec(answer) ?? []
  return Object.assign(new Error(text), { responseCode: Number(code) })
}
