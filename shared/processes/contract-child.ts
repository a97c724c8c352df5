/** The process the contract suite talks to. */
const kept: number[][] = []
process.on(
  'message',
  (message: { echo?: unknown; loop?: boolean; exit?: number; throw?: boolean; describe?: boolean; keep?: number }) => {
    if ('echo' in message) process.send?.(message)
    if (message.loop) process.send?.({ looping: true }, () => forever())
    if (message.exit !== undefined) process.send?.({ leaving: message.exit }, () => process.exit(message.exit))
    if (message.describe) process.send?.({ env: { ...process.env } })
    if (message.keep !== undefined) kept.push(Array.from({ length: message.keep * 131_072 }, (_, at) => at / 3))
    if (message.throw) throw new Error('thrown on purpose')
  },
)
process.on('disconnect', () => process.exit(0))

function forever(): never {
  for (;;) Math.random()
}
