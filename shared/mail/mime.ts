import type { Time } from '../model/index.ts'
import type { Mailbox } from '../model/mail-address.ts'

export interface WrittenMail {
  id: string
  to: string
  subject: string
  text: string
  html: string
}

/** No out-of-office note is to answer, and no list is to take it for a person's (RFC 3834). */
export const automatic = { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' }

/** The mail as it goes over the line: text and HTML beside each other. `Message-ID` is made of its id and the sender's domain. */
export async function compose(mail: WrittenMail, from: Mailbox, now: Time): Promise<Buffer> {
  // Loaded by those alone who send.
  const { default: MailComposer } = await import('nodemailer/lib/mail-composer')
  return new MailComposer({
    from: { name: from.name ?? '', address: from.address },
    to: { name: '', address: mail.to },
    subject: mail.subject,
    text: mail.text,
    html: mail.html,
    messageId: `<${mail.id}@${from.address.slice(from.address.lastIndexOf('@') + 1)}>`,
    date: new Date(now),
    headers: automatic,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
    .compile()
    .build()
}
