/** Mail by Resend's HTTP interface (https://resend.com/docs/api-reference/emails/send-email). */
import { AppError } from '../errors.ts'
import { type Mailbox, parseMailAddress } from '../model/mail-address.ts'
import type { Mail } from '../ports.ts'
import { toFailure } from './failure.ts'
import { automatic } from './mime.ts'

export interface ResendSettings {
  key: string
  from: Mailbox
  /** Other than Resend's own, for tests. */
  url?: string
}

const patience = 30_000

/** `fetch` leads through the gate. What was sent once is not sent again for a day: the mail's id is its idempotency key. */
export function createResend({
  settings: { key, from, url = 'https://api.resend.com' },
  fetch,
  time = patience,
}: {
  settings: ResendSettings
  fetch: typeof globalThis.fetch
  time?: number
}): Mail {
  const { host } = new URL(url)
  const sender = from.name === undefined ? from.address : `"${from.name.replace(/["\\]/g, '\\$&')}" <${from.address}>`

  async function ask(body: unknown, id: string, signal: AbortSignal): Promise<number> {
    const response = await fetch(`${url}/emails`, {
      method: 'POST',
      redirect: 'manual',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'idempotency-key': id },
      body: JSON.stringify(body),
      signal,
    })
    await response.body?.cancel()
    return response.status
  }

  return {
    async send({ id, subject, text, html, ...mail }, signal) {
      const to = parseMailAddress(mail.to)
      if (to === undefined) throw new AppError('mail-address', { address: mail.to })
      const late = AbortSignal.timeout(time)
      const either = signal ? AbortSignal.any([signal, late]) : late
      const body = { from: sender, to: [to], subject, text, html, headers: automatic }
      const status = await ask(body, id, either).catch(error => {
        if (late.aborted && !signal?.aborted) throw new AppError('mail-silent', { host })
        throw toFailure(error, host).error
      })
      if (status < 300) return
      if (status === 401 || status === 403) throw new AppError('mail-login', { host, status })
      // 409: the same key is at work just now, or was with another text.
      if (status === 408 || status === 409 || status === 429 || status >= 500)
        throw new AppError('mail-later', { host, status })
      throw new AppError('mail-refused', { host, status })
    },
  }
}
