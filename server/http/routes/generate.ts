import type { Core } from '../../../shared/core.ts'
import { AppError } from '../../../shared/errors.ts'
import { generate } from '../asking.ts'
import { type Gates, never, os, streamed } from './gates.ts'

export function generateRoutes({ core, stopping }: { core: Core; stopping: AbortSignal }, { asUser }: Gates) {
  return {
    text: os.generate.text.use(asUser).handler(async ({ input, signal, context: { userId } }) => {
      for await (const event of generate({ core, userId, stopping }, input, signal ?? never))
        if (event.type === 'finish') return event.generated
      throw new AppError('internal')
    }),
    stream: os.generate.stream.use(asUser).handler(async ({ input, signal, context: { userId, caller } }) => {
      const events = generate({ core, userId, stopping }, input, signal ?? never)
      // What is refused is a refusal, not a stream that begins with one.
      const first = await events.next()
      const all = async function* () {
        if (!first.done) yield first.value
        yield* events
      }
      return streamed(all, caller)
    }),
  }
}
