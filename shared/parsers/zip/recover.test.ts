import { expect, test } from 'vitest'
import { openBytes } from './bytes.ts'
import { findEntries } from './recover.ts'

/** Bytes, and what is read of them. */
async function counted(source: Uint8Array) {
  const bytes = await openBytes(source)
  let read = 0
  const counting = {
    ...bytes,
    async read(at: number, length: number) {
      const part = await bytes.read(at, length)
      read += part.length
      return part
    },
  }
  return { bytes: counting, read: () => read }
}

function stored(name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(30)
  header.write('PK\x03\x04', 'latin1')
  header.writeUInt32LE(content.length, 18)
  header.writeUInt32LE(content.length, 22)
  header.writeUInt16LE(name.length, 26)
  return Buffer.concat([header, Buffer.from(name), content])
}

test('a file full of what begins like an entry is read once', async () => {
  const { bytes, read } = await counted(Buffer.alloc(5 * 1024 ** 2, 'PK\x03\x04'))
  expect(await findEntries(bytes, 2_001)).toEqual([])
  expect(read()).toBeLessThan(6 * 1024 ** 2)
})

test('entries are found wherever a read ends', async () => {
  for (const before of [0, 1, 2, 3, 4, 29, 30, 1_000, 1_053, 1_054, 1_055, 40_000]) {
    const filler = Buffer.alloc(1024 ** 2 - before, 0x20)
    const file = Buffer.concat([filler, stored('a.txt', Buffer.from('x')), stored('b.txt', Buffer.alloc(70_000))])
    const { bytes } = await counted(file)
    const found = await findEntries(bytes, 10)
    expect(found.map(({ name, at, size }) => [name, at, size])).toEqual([
      ['a.txt', filler.length, 1],
      ['b.txt', filler.length + 36, 70_000],
    ])
  }
})

test('what lies in a stored entry is passed over', async () => {
  const file = stored('innen.zip', stored('a.txt', Buffer.from('x')))
  const { bytes } = await counted(Buffer.concat([file, stored('b.txt', Buffer.from('y'))]))
  expect((await findEntries(bytes, 10)).map(({ name }) => name)).toEqual(['innen.zip', 'b.txt'])
})
