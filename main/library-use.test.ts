import { expect, test } from 'vitest'
import { createLibraryUse } from './library-use.ts'

/** A server's part in it, and what became of it. */
function play() {
  const seen: string[] = []
  const use = createLibraryUse({
    server: {
      hold() {
        seen.push('held')
        return () => void seen.push('released')
      },
      stop: async () => void seen.push('stopped'),
    },
    changed: () => void seen.push(use.alone() ? `${use.alone()?.doing} ${use.alone()?.part}` : 'nobody'),
  })
  return { use, seen }
}

test('whoever is alone has it with the server stopped, and tells how far it is', async () => {
  const { use, seen } = play()
  const done = await use.takeAlone('moving', async ({ progress }) => {
    for (const part of [0.251, 0.259, 1]) progress(part)
    await expect(use.takeAlone('moving', async () => 0)).rejects.toMatchObject({ code: 'library-busy' })
    await expect(use.beside(() => 0)).rejects.toMatchObject({ code: 'library-busy' })
    return 'done'
  })
  expect(done).toBe('done')
  expect(seen).toEqual(['held', 'moving undefined', 'stopped', 'moving 0.25', 'moving 1', 'released', 'nobody'])
  expect(await use.beside(() => 1)).toBe(1)
})

test('nobody is alone with it while others are at work, however many', async () => {
  const { use, seen } = play()
  await use.beside(async () => {
    expect(await use.beside(() => 2)).toBe(2)
    await expect(use.takeAlone('moving', async () => 0)).rejects.toMatchObject({ code: 'library-busy' })
  })
  expect(seen).toEqual([])
  await expect(use.beside(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
  await expect(use.takeAlone('moving', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(seen.slice(-2)).toEqual(['released', 'nobody'])
  expect(await use.takeAlone('moving', async () => 3)).toBe(3)
})

test('it is stopped by its signal, and waited for', async () => {
  const { use, seen } = play()
  await use.stop()
  const { promise: begun, resolve: begin } = Promise.withResolvers<boolean>()
  const work = use.takeAlone('moving', async ({ signal }) => {
    begin(signal.aborted)
    await new Promise(resolve => signal.addEventListener('abort', resolve))
    seen.push('taken back')
  })
  expect(await begun).toBe(false)
  await use.stop()
  expect(seen.slice(-3)).toEqual(['taken back', 'released', 'nobody'])
  await work
})

test('what is named beside is told, breaks off with an end, and is waited for; a question is not', async () => {
  const { use } = play()
  expect([use.busy(), use.besides()]).toEqual([false, []])
  let isOver = false
  const work = use.beside(async signal => {
    await new Promise(resolve => signal.addEventListener('abort', resolve))
    isOver = true
  }, 'backing-up')
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>()
  const question = use.beside(() => answered)
  expect([use.busy(), use.besides()]).toEqual([true, ['backing-up']])
  await use.stop()
  await work
  expect([isOver, use.busy(), use.besides()]).toEqual([true, true, []])
  answer()
  await question
  expect(use.busy()).toBe(false)
})
