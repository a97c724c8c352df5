import { describe, expect, it } from 'vitest'
import { filesOf, filesOfDrop } from './dropped-files.ts'

/** What the browser hands over, as far as it is looked at. */
const fileEntry = (name: string, readable = true) => ({
  isFile: true,
  name,
  file: (take: (file: File) => void, fail: (error: Error) => void) =>
    readable ? take(new File([name], name)) : fail(new Error('gone')),
})

/** Entries come a hundred at a time, and none at the end; `broken` fails after the first hundred. */
const folderEntry = (name: string, inside: readonly { name: string }[], broken = false) => ({
  isFile: false,
  name,
  createReader() {
    let at = 0
    return {
      readEntries(take: (entries: readonly unknown[]) => void, fail: (error: Error) => void) {
        if (broken && at > 0) return fail(new Error('no longer readable'))
        const some = inside.slice(at, at + 100)
        at += some.length
        take(some)
      },
    }
  },
})

const transfer = (entries: readonly unknown[], files: File[] = []) =>
  ({ items: entries.map(entry => ({ webkitGetAsEntry: () => entry })), files }) as unknown as DataTransfer

const names = async (dropped: DataTransfer) => (await filesOfDrop(dropped)).map(({ name }) => name)

describe('what is dropped', () => {
  it('is every file, with the folders it lies in', async () => {
    const folder = folderEntry('House', [
      fileEntry('Rent.pdf'),
      folderEntry('Minutes', [fileEntry('May.md'), folderEntry('Empty', [])]),
    ])
    expect(await names(transfer([fileEntry('Alone.txt'), folder]))).toEqual([
      'Alone.txt',
      'House/Rent.pdf',
      'House/Minutes/May.md',
    ])
  })

  it('is all of a large folder', async () => {
    const many = Array.from({ length: 250 }, (_, at) => fileEntry(`${at}.md`))
    const found = await names(transfer([folderEntry('Many', many)]))
    expect(found).toHaveLength(250)
    expect(found.at(-1)).toBe('Many/249.md')
  })

  it('is what can be read of it, when something cannot', async () => {
    const many = Array.from({ length: 150 }, (_, at) => fileEntry(`${at}.md`))
    expect(await names(transfer([fileEntry('gone.md', false), fileEntry('there.md')]))).toEqual(['there.md'])
    expect(await names(transfer([folderEntry('Broken', many, true)]))).toHaveLength(100)
  })

  it('is the plain list of files where the browser knows no entries', async () => {
    expect(await names(transfer([null], [new File(['x'], 'plain.md')]))).toEqual(['plain.md'])
  })

  it('has the path of a folder that was chosen', () => {
    const file = Object.defineProperty(new File(['x'], 'May.md'), 'webkitRelativePath', { value: 'Minutes/May.md' })
    expect(filesOf([file, new File(['x'], 'Alone.md')]).map(({ name }) => name)).toEqual(['Minutes/May.md', 'Alone.md'])
  })
})
