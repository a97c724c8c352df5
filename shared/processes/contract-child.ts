/** The process the contract suite talks to. */
process.on('message', (message: { echo?: unknown; loop?: boolean; exit?: number; throw?: boolean }) => {
  if ('echo' in message) process.send?.(message)
  if (message.loop) process.send?.({ looping: true }, () => forever())
  if (message.exit !== undefined) process.send?.({ leaving: message.exit }, () => process.exit(message.exit))
  if (message.throw) throw new Error('thrown on purpose')
})
process.on('disconnect', () => process.exit(0))

function forever(): never {
  for (;;) Math.random()
}
