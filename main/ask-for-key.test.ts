import { expect, test } from 'vitest'
import { createTranslate } from '../shared/messages/index.ts'
import { askForKey } from './ask-for-key.ts'
import type { LibraryKey } from './keychain/library-key.ts'

const ready: LibraryKey = { state: 'ready', key: 'k', place: 'keychain' }
const lost: LibraryKey = { state: 'lost', place: 'keychain', error: undefined }

function ask(key: LibraryKey, pressed: number, next: LibraryKey = ready) {
  let [asked, renewed] = [0, 0]
  const shell = {
    ask: async () => {
      asked += 1
      return pressed
    },
  }
  const renewKey = async () => {
    renewed += 1
    return next
  }
  const library = { key: () => key, renewKey }
  return askForKey({ shell, words: createTranslate('de'), library }).then(other => ({ other, asked, renewed }))
}

test('nobody is asked where there is a key, or none is needed yet', async () => {
  for (const key of [ready, { state: 'none' }, { state: 'open', key: 'k' }] as const)
    expect(await ask(key, 1)).toEqual({ other: false, asked: 0, renewed: 0 })
})

test('a lost one is replaced on the user’s word alone', async () => {
  expect(await ask(lost, 0)).toEqual({ other: false, asked: 1, renewed: 0 })
  expect(await ask(lost, 1)).toEqual({ other: true, asked: 1, renewed: 1 })
  expect(await ask(lost, 1, lost)).toEqual({ other: false, asked: 1, renewed: 1 })
})
