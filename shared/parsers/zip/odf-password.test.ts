import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { exampleOdp } from '../../../scripts/fixtures/odp.ts'
import { exampleOds } from '../../../scripts/fixtures/ods.ts'
import { exampleOdt } from '../../../scripts/fixtures/odt.ts'
import { protectOdf } from '../../../scripts/fixtures/protected-odf.ts'
import { readFormat } from '../../../tests/read-format.ts'

describe.each([
  ['a.odt', exampleOdt],
  ['a.ods', exampleOds],
  ['a.odp', exampleOdp],
])('%s behind a password', (name, example) => {
  test('reads as it does without, asks, and says when the password is wrong', async () => {
    const plain = example()
    const bytes = protectOdf(plain, 'Äpfel & Birnen')
    const { blocks } = await readFormat(name, bytes, { password: 'Äpfel & Birnen' })
    expect(blocks).toEqual((await readFormat(name, plain)).blocks)
    expect(blocks.length).toBeGreaterThan(5)
    await expect(readFormat(name, bytes)).rejects.toMatchObject({ code: 'password-protected' })
    await expect(readFormat(name, bytes, { password: 'Apfel' })).rejects.toMatchObject({ code: 'password-wrong' })
  })
})

const real = `${process.env.EVAL_DIR}/office-odd/testODTEncrypted.odt`
test.skipIf(!existsSync(real))('a real one, which LibreOffice wrote, opens with its password alone', async () => {
  const open = (password: string) => readFormat('a.odt', { file: real }, { password })
  expect((await open('tika')).blocks.map(({ text }) => text)).toEqual(['Shhhhhhhhhhh!', 'This should be encrypted.'])
  await expect(open('Tika')).rejects.toMatchObject({ code: 'password-wrong' })
})
