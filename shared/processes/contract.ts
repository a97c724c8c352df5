import { describe, expect, test } from 'vitest'
import type { ChildProcess, Processes } from '../ports.ts'

/**
 * What every adapter of `Processes` must do. `open` starts processes whose role runs a module like
 * `contract-child.ts`: it answers `{ echo }` with the same, loops forever on `{ loop }`, ends with a code on `{ exit }`,
 * throws on `{ throw }`.
 */
export function processesContract(name: string, open: () => Processes) {
  describe(name, () => {
    async function withChild(
      use: (child: ChildProcess, next: () => Promise<IteratorResult<unknown>>) => Promise<void>,
    ) {
      const child = open().spawn('parser')
      const iterator = child.messages[Symbol.asyncIterator]()
      try {
        await use(child, () => iterator.next())
      } finally {
        child.kill()
        await child.exit
      }
    }

    test('answers in order, whatever the messages hold', () =>
      withChild(async (child, next) => {
        const sent = [{ echo: 'ä\u0000😀' }, { echo: new Uint8Array([0, 255]) }, { echo: new Map([[1, 2n]]) }]
        for (const message of sent) await child.send(message)
        for (const message of sent) expect(await next()).toEqual({ value: message, done: false })
        for (let index = 0; index < 200; index++) void child.send({ echo: index })
        for (let index = 0; index < 200; index++) expect((await next()).value).toEqual({ echo: index })
      }))

    test('a large message arrives whole', () =>
      withChild(async (child, next) => {
        const text = 'Zeile '.repeat(500_000)
        await child.send({ echo: text })
        const { value } = await next()
        expect((value as { echo: string }).echo === text).toBe(true)
      }))

    test('is killed at once in a busy loop, and its messages end', () =>
      withChild(async (child, next) => {
        await child.send({ loop: true })
        expect((await next()).value).toEqual({ looping: true })
        const started = performance.now()
        const pending = next()
        child.kill()
        expect(await pending).toEqual({ value: undefined, done: true })
        const { code, signal } = await child.exit
        expect(code === 0 && signal === null).toBe(false)
        expect(performance.now() - started).toBeLessThan(5_000)
      }))

    test.skipIf(process.platform === 'win32')('what a terminal sends to its whole group does not end it', () =>
      withChild(async (child, next) => {
        for (const signal of ['SIGINT', 'SIGHUP'] as const) {
          await child.send({ echo: `before ${signal}` })
          await next()
          process.kill(child.pid!, signal)
          await child.send({ echo: 'still here' })
          expect((await next()).value).toEqual({ echo: 'still here' })
        }
      }),
    )

    test('reports its exit code, after the last message', () =>
      withChild(async (child, next) => {
        await child.send({ exit: 7 })
        expect((await next()).value).toEqual({ leaving: 7 })
        expect((await next()).done).toBe(true)
        expect(await child.exit).toEqual({ code: 7, signal: null })
      }))

    test('an error nobody caught ends it with a code of failure', () =>
      withChild(async (child, next) => {
        await child.send({ throw: true })
        expect((await next()).done).toBe(true)
        expect((await child.exit).code).not.toBe(0)
      }))

    test('sending to a process that is gone is refused; killing it again is no error', () =>
      withChild(async child => {
        child.kill()
        await child.exit
        await expect(child.send({ echo: 1 })).rejects.toThrow()
        child.kill()
      }))

    test('two processes of a role are two processes', () =>
      withChild(async (first, next) =>
        withChild(async (second, other) => {
          expect(first.pid).not.toBe(second.pid)
          first.kill()
          await first.exit
          expect((await next()).done).toBe(true)
          await second.send({ echo: 'still here' })
          expect((await other()).value).toEqual({ echo: 'still here' })
        }),
      ))
  })
}
