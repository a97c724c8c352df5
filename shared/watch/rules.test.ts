import { describe, expect, test } from 'vitest'
import { compileRules } from './rules.ts'

/** Of these, what is left out; folders end with a slash. */
function left(lines: string[], ...paths: string[]): string[] {
  const rules = compileRules(lines)
  return paths.filter(path => rules(path.replace(/\/$/, ''), path.endsWith('/')))
}

describe('what of a folder is left out', () => {
  test('what nobody wants, without a word', () => {
    const all = ['.git/', '.env', 'a/.DS_Store', 'node_modules/', '~$brief.docx', 'brief.docx~', 'x.TMP', 'Thumbs.db']
    expect(left([], ...all, 'brief.docx', 'node_modules', 'tmp/', 'a/b.txt')).toEqual(all)
  })

  test('a name at any depth, a path from the folder on', () => {
    expect(left(['*.bak'], 'a.bak', 'b/c.BAK', 'a.bak.txt')).toEqual(['a.bak', 'b/c.BAK'])
    expect(left(['/Entwürfe'], 'Entwürfe/', 'a/Entwürfe/')).toEqual(['Entwürfe/'])
    expect(left(['a/b.txt'], 'a/b.txt', 'c/a/b.txt')).toEqual(['a/b.txt'])
    expect(left(['weg/'], 'weg/', 'a/weg/', 'weg')).toEqual(['weg/', 'a/weg/'])
  })

  test('any folders between, and everything in one', () => {
    expect(left(['**/alt/*.txt'], 'alt/a.txt', 'x/y/alt/b.txt', 'alt/c/d.txt')).toEqual(['alt/a.txt', 'x/y/alt/b.txt'])
    expect(left(['a/**/z.txt'], 'a/z.txt', 'a/b/c/z.txt', 'b/z.txt')).toEqual(['a/z.txt', 'a/b/c/z.txt'])
    expect(left(['a/**'], 'a/', 'a/b.txt', 'a/b/c.txt', 'b/')).toEqual(['a/b.txt', 'a/b/c.txt'])
  })

  test('one sign, some signs, and a sign as it is', () => {
    expect(left(['brief-?.txt'], 'brief-1.txt', 'brief-12.txt')).toEqual(['brief-1.txt'])
    expect(left(['[a-c]x', '[!0-9]y'], 'bx', 'dx', '1y', 'ay')).toEqual(['bx', 'ay'])
    expect(left(['\\*.txt', '[x'], '*.txt', 'a.txt', '[x')).toEqual(['*.txt', '[x'])
  })

  test('the last line that fits decides; comments and empty lines say nothing', () => {
    expect(left(['# *.txt', '', '*.txt', '!wichtig.txt'], 'a.txt', 'wichtig.txt')).toEqual(['a.txt'])
    expect(left(['!.wichtig.txt'], '.wichtig.txt', '.anderes.txt')).toEqual(['.anderes.txt'])
    expect(left(['/', '//', '!', '**'], 'a.txt')).toEqual(['a.txt'])
  })

  test('the same letter written two ways is one', () => {
    expect(left(['Übrig*'.normalize('NFD')], 'übriges.txt'.normalize('NFC'))).toEqual(['übriges.txt'.normalize('NFC')])
  })

  test('a pattern made to take for ever does not', () => {
    const rules = compileRules([`${'*a'.repeat(100)}b`, `${'**/a/'.repeat(50)}b`])
    const began = performance.now()
    expect(rules(`${'a'.repeat(250)}/${'a/'.repeat(400)}c`, false)).toBe(false)
    expect(performance.now() - began).toBeLessThan(2000)
  })
})
