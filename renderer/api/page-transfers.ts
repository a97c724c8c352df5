import type { DesktopBridge } from '../../shared/api/desktop.ts'

/** What this page of the desktop sends, as main knows it. */
export interface PageTransfers {
  /** `progress`: bytes that have left. */
  begin(progress: (sent: number) => void): { name: string; breakOff(): void; end(): void }
  /** Main says how far one is. */
  hear(transfer: number, sent: number): void
}

/** `page`: how main calls it. */
export function createPageTransfers(bridge: Pick<DesktopBridge, 'breakOff'>, page: string): PageTransfers {
  const open = new Map<number, (sent: number) => void>()
  let count = 0
  return {
    begin(progress) {
      const number = count++
      open.set(number, progress)
      return {
        name: `${page}/${number}`,
        breakOff: () => void bridge.breakOff({ transfer: number }),
        end: () => void open.delete(number),
      }
    },
    hear: (transfer, sent) => open.get(transfer)?.(sent),
  }
}
