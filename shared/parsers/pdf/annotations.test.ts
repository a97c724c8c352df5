/** Which annotations count, and how often pdf.js is asked for them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { PdfField } from '../../../scripts/pdf-fields.ts'
import { writePdf } from '../../../scripts/write-pdf.ts'
import { annotationsIn } from './annotations.ts'
import { loadPdf } from './load.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cloister-annotations-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** What the annotations of each page say, and how many pages pdf.js was asked for each time. */
async function valuesIn(bytes: Uint8Array | string, alone = false): Promise<{ values: string[][]; asked: number[] }> {
  const file = join(folder, `${Math.random().toString(36).slice(2)}.pdf`)
  await writeFile(file, typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  const task = await loadPdf(file, undefined, true)
  try {
    const document = await task.promise
    const asked: number[] = []
    const ask = document.getAnnotationsByType.bind(document)
    document.getAnnotationsByType = (types: Set<number>, others: Set<number>) => {
      asked.push(document.numPages - others.size)
      return ask(types, others)
    }
    const annotations = annotationsIn(document, alone)
    const values: string[][] = []
    for (let number = 1; number <= document.numPages; number++) {
      const { seen } = await annotations(await document.getPage(number))
      values.push(seen.map(({ kind, value }) => (kind === 'drawn' ? kind : value.join('\n'))))
    }
    return { values, asked }
  } finally {
    await task.destroy()
  }
}

const place = { x: 150, y: 189, width: 200, height: 16 }
const field = (value: string): PdfField => ({ kind: 'text', name: value, ...place, value })
const text = { x: 72, y: 100, text: 'Seite' }

test('not what is hidden, nor what is not on the screen, whatever its kind', async () => {
  const unseen = [2, 32].flatMap((flags): PdfField[] => [
    { kind: 'text', name: `t${flags}`, ...place, value: 'Feld', flags },
    { kind: 'free-text', ...place, text: 'getippt', flags },
    { kind: 'stamp', ...place, text: 'GESTEMPELT', flags },
  ])
  const pages = [{ texts: [text], fields: [...unseen, { kind: 'free-text', ...place, text: 'zu sehen' } as const] }]
  expect((await valuesIn(writePdf({ pages }))).values).toEqual([['zu sehen']])
})

test('not what stands on a layer that is switched off', async () => {
  const plain = Buffer.from(writePdf({ pages: [{ texts: [text], fields: [field('A'), field('B')] }] })).toString(
    'latin1',
  )
  const layered = (off: string) => {
    let layer = 900
    return plain
      .replace(/\/FT \/Tx/g, () => `/OC ${layer++} 0 R /FT /Tx`)
      .replace('/Type /Catalog', `/Type /Catalog /OCProperties << /OCGs [900 0 R 901 0 R] /D << /OFF [${off}] >> >>`)
      .replace(
        /\nxref/,
        '\n900 0 obj\n<< /Type /OCG /Name (a) >>\nendobj\n901 0 obj\n<< /Type /OCG /Name (b) >>\nendobj\nxref',
      )
  }
  expect((await valuesIn(layered(''))).values).toEqual([['A', 'B']])
  expect((await valuesIn(layered('900 0 R'))).values).toEqual([['B']])
})

test('many pages are asked for at once, each has its own, and where one did harm each is asked for by itself', async () => {
  const pages = Array.from({ length: 150 }, (_, index) => ({
    texts: [text],
    ...(index % 50 === 20 && { fields: [field(`S${index + 1}`)] }),
  }))
  const bytes = writePdf({ pages })
  const { values, asked } = await valuesIn(bytes)
  expect(asked).toEqual([64, 64, 22])
  expect(values.flatMap((each, index) => each.map(value => [index + 1, value]))).toEqual([
    [21, 'S21'],
    [71, 'S71'],
    [121, 'S121'],
  ])
  const careful = await valuesIn(bytes, true)
  expect(careful.values).toEqual(values)
  expect(careful.asked).toEqual(pages.map(() => 1))
})

test('only pages from the one that is read are asked for', async () => {
  const pages = Array.from({ length: 70 }, (_, index) => ({ texts: [text], fields: [field(`S${index + 1}`)] }))
  const file = join(folder, 'later.pdf')
  await writeFile(file, writePdf({ pages }))
  const task = await loadPdf(file, undefined, true)
  try {
    const document = await task.promise
    const ask = document.getAnnotationsByType.bind(document)
    const asked: number[][] = []
    document.getAnnotationsByType = (types: Set<number>, others: Set<number>) => {
      asked.push(pages.map((_, index) => index).filter(index => !others.has(index)))
      return ask(types, others)
    }
    const annotations = annotationsIn(document, false)
    for (const number of [45, 46, 70])
      expect((await annotations(await document.getPage(number))).seen[0]?.value).toEqual([`S${number}`])
    expect(asked).toEqual([Array.from({ length: 26 }, (_, index) => 44 + index)])
  } finally {
    await task.destroy()
  }
})

test('where the pages cannot be asked for at once, each is by itself', async () => {
  const pages = ['eins', 'zwei', 'drei'].map(value => ({ texts: [text], fields: [field(value)] }))
  const file = join(folder, 'torn.pdf')
  await writeFile(file, writePdf({ pages }))
  const task = await loadPdf(file, undefined, true)
  try {
    const document = await task.promise
    const ask = document.getAnnotationsByType.bind(document)
    document.getAnnotationsByType = (types: Set<number>, others: Set<number>) =>
      others.has(1) ? ask(types, others) : Promise.reject(new Error('page 2'))
    const annotations = annotationsIn(document, false)
    const of = async (number: number) =>
      (await annotations(await document.getPage(number))).seen.map(({ value }) => value)
    expect(await of(1)).toEqual([['eins']])
    await expect(of(2)).rejects.toThrow('page 2')
    expect(await of(3)).toEqual([['drei']])
  } finally {
    await task.destroy()
  }
})
