/** Mail, as the configuration says: by SMTP or Resend, both through the gate; where it is not set up, none. */
import { hkdfSync } from 'node:crypto'
import type { MailSettings } from '../shared/core.ts'
import { createResend } from '../shared/mail/resend.ts'
import { createSmtp } from '../shared/mail/smtp.ts'
import type { Mailbox } from '../shared/model/mail-address.ts'
import type { Egress, EgressRequest, Mail, Secrets } from '../shared/ports.ts'
import { createSecrets } from '../shared/secrets/secrets.ts'
import type { Config } from './config.ts'
import type { ResendConfig, SmtpConfig } from './config-mail.ts'

export const product = 'Cloister'

const request: EgressRequest = { purpose: 'mail', access: 'internal', trust: 'operator' }
const clock = { now: () => Date.now() }

/** `secrets`: those of the installation. */
export function openMail(
  { mail: { server, from }, auth, database, providers }: Pick<Config, 'mail' | 'auth' | 'database' | 'providers'>,
  { egress, secrets }: { egress: Egress; secrets?: Secrets },
): { mail?: MailSettings } {
  // What is mailed are links into a server with accounts.
  if (!server || !from || auth.mode !== 'server' || auth.publicUrl === undefined) return {}
  const url = URL.parse(auth.publicUrl)
  if (!url) return {}
  // With a database for many machines there is no key in a folder; all of them have AUTH_SECRET.
  const ofAll = database && providers.secretsKey === undefined && auth.secret !== undefined
  const keeper = ofAll ? createSecrets({ key: derived(auth.secret as string) }) : secrets
  if (!keeper) return {}
  return {
    mail: { mail: senderOf(server, from, url.hostname, egress), secrets: keeper, product, publicUrl: url.origin },
  }
}

function senderOf(server: SmtpConfig | ResendConfig, from: Mailbox, name: string, egress: Egress): Mail {
  if (server.kind === 'resend')
    return createResend({ settings: { key: server.key, from }, fetch: egress.fetch(request) })
  const { kind: _, ...settings } = server
  return createSmtp({
    settings: { ...settings, from, name },
    connect: (to, signal) => egress.connect(request, to, signal),
    clock,
  })
}

function derived(secret: string): string {
  return Buffer.from(hkdfSync('sha256', secret, '', 'cloister mail queue', 32)).toString('hex')
}
