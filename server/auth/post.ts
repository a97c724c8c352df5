/** Mails of accounts. Nobody waits for them: how long an answer takes must not tell whether one goes out. */
import type { MailRequest, SendMail } from '../../shared/model/index.ts'
import type { Log } from '../../shared/ports.ts'

export interface Post {
  /** Whether mails can be sent at all. */
  readonly on: boolean
  /** `nobody`: does the same, and nothing goes out. */
  send(mail: MailRequest, options?: { nobody?: boolean }): void
  /** Resolves when those that were begun are on their way. */
  close(): Promise<void>
}

export function createPost(send: SendMail | undefined, log: Log): Post {
  const running = new Set<Promise<void>>()
  return {
    on: send !== undefined,
    send(mail, options) {
      if (!send) return
      const sending = send(mail, options).catch(error => log.error('a mail was not sent', { kind: mail.kind, error }))
      running.add(sending)
      void sending.finally(() => running.delete(sending))
    },
    async close() {
      await Promise.all(running)
    },
  }
}
