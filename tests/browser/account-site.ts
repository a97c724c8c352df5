/** A server with accounts and a real mailbox, and visitors that nobody there knows yet. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { expect } from 'vitest'
import { freePort } from '../free-port.ts'
import { openMailCatcher } from '../mail-catcher.ts'
import { launch, visit } from './browser.ts'
import { serve } from './serve.ts'

export type Visitor = Page & { complaints: string[] }

export interface AccountSite {
  /** Its address, as people open it. */
  home: string
  data: string
  /** The link that makes the first owner. */
  setUp: string
  newVisitor(options?: BrowserContextOptions): Promise<Visitor>
  /** The link in the latest mail to somebody whose link carries this. */
  linkTo(email: string, kind: string): Promise<string>
  /** What all visitors complained of. */
  complaints(): string[]
  close(): Promise<void>
}

export async function openAccountSite(environment: Record<string, string> = {}): Promise<AccountSite> {
  const data = await mkdtemp(path.join(tmpdir(), 'cloister-accounts-'))
  const catcher = await openMailCatcher()
  const port = await freePort()
  const home = `http://localhost:${port}`
  const server = await serve(data, {
    port,
    environment: {
      MODE: 'server',
      PUBLIC_URL: home,
      AUTH_SECRET: 'of a test in a browser, and long enough for it',
      SMTP_URL: `smtp://127.0.0.1:${catcher.port}`,
      SMTP_SECURE: 'none',
      FROM_EMAIL: 'cloister@example.org',
      ...environment,
    },
  })
  const browser = await launch()
  const visitors: Visitor[] = []
  return {
    home,
    data,
    setUp: server.setUp ?? '',
    async newVisitor(options = {}) {
      const one = await visit(browser, { locale: 'en-GB', ...options })
      visitors.push(one)
      return one
    },
    async linkTo(email, kind) {
      const link = () => {
        const mail = catcher.mails.findLast(
          ({ to, parsed }) => to.includes(email) && parsed.text?.includes(`#${kind}=`),
        )
        return mail && new RegExp(`${home}/#${kind}=[\\w-]+`).exec(mail.parsed.text ?? '')?.[0]
      }
      await expect.poll(link, { timeout: 30_000 }).toBeDefined()
      return link() ?? ''
    },
    complaints: () => visitors.flatMap(({ complaints }) => complaints),
    async close() {
      await browser.close()
      await server.stop()
      await catcher.close()
      await rm(data, { recursive: true, force: true })
    },
  }
}
