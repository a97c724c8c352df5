import { expect, test } from 'vitest'
import { createTranslate } from '../shared/messages/index.ts'
import type { SafeReason } from './data/safe-mode.ts'
import { adviseVersion } from './other-version.ts'

const refused = (code: 'data-newer' | 'internal' | 'data-damaged'): SafeReason => ({ why: 'refused', reason: { code } })

test.each(['en', 'de'] as const)('a version that may help is named, and where it lies (%s)', language => {
  const url = 'https://updates.example.org/cloister/'
  const advise = (why: SafeReason, { channel = true, previous = '1.1.0' as string | null } = {}) =>
    adviseVersion({
      words: createTranslate(language),
      shell: { version: '1.2.0', channel: channel ? { url, key: 'k' } : undefined },
      why,
      previous,
    })
  // The one before is older still.
  expect(advise(refused('data-newer'))).toMatch(/1\.2\.0(?!.*1\.1\.0).*updates\.example\.org/)
  for (const why of [refused('internal'), { why: 'crashed', failed: 2 }] as const)
    expect(advise(why)).toMatch(/1\.2\.0.*1\.1\.0.*backups.*updates\.example\.org/)
  expect(advise(refused('internal'), { channel: false, previous: null })).not.toMatch(/http|null|1\.1\.0/)
  expect([advise(refused('data-damaged')), advise({ why: 'slow' })]).toEqual([undefined, undefined])
})
