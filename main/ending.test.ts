import { beforeEach, expect, test } from 'vitest'
import { createTranslate } from '../shared/messages/index.ts'
import { createEnding } from './ending.ts'

const seen: string[] = []
beforeEach(() => void seen.splice(0))
const note = (what: string) => () => void seen.push(what)

function play(other: Partial<Parameters<typeof createEnding>[0]> = {}) {
  return createEnding({
    shell: { ask: async () => 0, exit: note('exit'), reclaimInstance: () => true },
    words: () => createTranslate('de'),
    server: { hold: () => note('let go'), stop: async () => void seen.push('stop') },
    use: { besides: () => [], stop: async () => {} },
    mark: { left: note('left') },
    uploading: () => 0,
    leave: note('leave'),
    back: note('back'),
    over: note('over'),
    log: { debug() {}, info() {}, warn() {}, error: message => void seen.push(message) },
    ...other,
  })
}

test('the end comes though what is half done is never taken back, and once; the mark of the start goes before anything that takes time', async () => {
  const ending = play({ use: { besides: () => [], stop: () => new Promise(() => {}) } })
  const quitting = ending.quit()
  // Whoever is impatient changes nothing.
  await ending.quit()
  expect(seen).toEqual([])
  await quitting
  expect(seen).toEqual(['over', 'left', 'leave', 'stop', 'exit'])
})

test('the end comes also where a window cannot be closed, with the server stopped, and where that cannot be stopped', async () => {
  const leave = () => {
    throw new TypeError('Object has been destroyed')
  }
  await play({ leave }).quit()
  expect(seen).toEqual(['over', 'left', 'stop', 'it does not end in order', 'exit'])
  seen.splice(0)
  const stop = () => Promise.reject(new Error('no'))
  await play({ server: { hold: () => () => {}, stop } }).quit()
  expect(seen).toEqual(['over', 'left', 'leave', 'it does not end in order', 'exit'])
})

test('an installation does not begin where something could not be closed, and the server is stopped all the same', async () => {
  const leave = () => {
    throw new TypeError('Object has been destroyed')
  }
  const ending = play({ leave })
  await expect(ending.close()).rejects.toThrow('destroyed')
  expect(seen).toEqual(['left', 'stop'])
  await ending.resume()
  expect([seen.slice(2), ending.now()]).toEqual([['let go', 'back'], false])
})
