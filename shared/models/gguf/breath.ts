/** Gives the event loop a turn whenever more than a few milliseconds of work went by since the last one. */
export function createBreath(milliseconds = 8): { due(): boolean; take(): Promise<void> } {
  let since = performance.now()
  return {
    due: () => performance.now() - since > milliseconds,
    take: async () => {
      await new Promise<void>(resolve => setImmediate(resolve))
      since = performance.now()
    },
  }
}
