import { expect, test } from 'vitest'
import { createTranslate } from '../shared/messages/index.ts'
import { createEnding } from './ending.ts'

test('the end comes though what is half done is never taken back, and once; the mark of the start goes before anything that takes time', async () => {
  const seen: string[] = []
  const note = (what: string) => () => void seen.push(what)
  const ending = createEnding({
    shell: { ask: async () => 0, exit: note('exit'), reclaimInstance: () => true },
    words: () => createTranslate('de'),
    server: { hold: () => note('let go'), start: note('start'), stop: async () => void seen.push('stop') },
    use: { besides: () => [], stop: () => new Promise(() => {}) },
    mark: { left: note('left') },
    uploading: () => 0,
    leave: note('leave'),
    back: note('back'),
    over: note('over'),
    log: { debug() {}, info() {}, warn() {}, error() {} },
  })
  const quitting = ending.quit()
  // Whoever is impatient changes nothing.
  await ending.quit()
  expect(seen).toEqual([])
  await quitting
  expect(seen).toEqual(['over', 'left', 'leave', 'stop', 'exit'])
})
