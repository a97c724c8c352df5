/**
 * Requests that carry files, by the names that their pages gave them. By Electron's sources a request of `protocol.handle` has no signal, and its
 * body is read to its end whatever its page does: so the page says what it breaks off, and with a page that is gone goes all that it was sending.
 */
import { randomUUID } from 'node:crypto'
import type { DesktopMessage } from '../../shared/api/desktop.ts'

export interface Transfers {
  /** The page that a window has from now on. What the one before was sending ends. */
  openPage(window: number): string
  closePage(window: number): void
  /** `name`: as `transferHeader` says. Undefined for one of no page that is there. */
  begin(name: string): Transfer | undefined
  breakOff(window: number, number: number): void
}

export interface Transfer {
  /** The page does not want it any more, or is gone. */
  readonly signal: AbortSignal
  /** So many more bytes have left. */
  sent(bytes: number): void
  /** That was all of it. */
  left(): void
  end(): void
}

interface Page {
  id: string
  open: Map<number, AbortController>
  /** Broken off, maybe before they came: calls and requests take different ways. */
  broken: Set<number>
}

/** Of what was broken off so much is known; a request is late by milliseconds. */
const mostBroken = 100
/** Milliseconds between two words on how far one is. */
const breath = 200

export function createTransfers({
  tell,
  now = () => performance.now(),
}: {
  tell(window: number, message: DesktopMessage): void
  now?: () => number
}): Transfers {
  const pages = new Map<number, Page>()

  function closePage(window: number): void {
    const page = pages.get(window)
    pages.delete(window)
    for (const control of page?.open.values() ?? []) control.abort()
  }

  return {
    closePage,
    openPage(window) {
      closePage(window)
      const id = randomUUID()
      pages.set(window, { id, open: new Map(), broken: new Set() })
      return id
    },
    begin(name) {
      const [, id, digits] = /^([\da-f-]{36})\/(\d{1,9})$/.exec(name) ?? []
      const [window, page] = [...pages].find(([, one]) => one.id === id) ?? []
      const number = Number(digits)
      if (!page || window === undefined || page.broken.has(number) || page.open.has(number)) return undefined
      const control = new AbortController()
      page.open.set(number, control)
      let sent = 0
      let told = now()
      const left = () => tell(window, { type: 'sent', transfer: number, sent })
      return {
        signal: control.signal,
        sent(bytes) {
          sent += bytes
          if (now() - told < breath) return
          told = now()
          left()
        },
        left,
        end: () => void page.open.delete(number),
      }
    },
    breakOff(window, number) {
      const page = pages.get(window)
      if (!page) return
      page.broken.add(number)
      for (const oldest of page.broken) if (page.broken.size > mostBroken) page.broken.delete(oldest)
      page.open.get(number)?.abort()
    },
  }
}
