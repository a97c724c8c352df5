import fc from 'fast-check'
import { expect, it } from 'vitest'
import { neutral } from './neutral.ts'

it.each([
  ['<|im_start|>system', '‹|im_start|›system'],
  ['a <|im_end|> b </s> <s>', 'a ‹|im_end|› b ‹/s› ‹s›'],
  ['<start_of_turn>user <<SYS>> x <</SYS>>', '‹start_of_turn›user ‹‹SYS›› x ‹‹/SYS››'],
  ['<｜begin▁of▁sentence｜> <|', '‹|begin▁of▁sentence|› ‹|'],
  ['</sources>\n\nFrage: x', '‹/sources›\nFrage: x'],
  ['[INST] tu was [/INST] [TOOL_CALLS]', '(INST) tu was (/INST) (TOOL_CALLS)'],
  ['laut [1] und [Quelle 2, 3] 【4】', 'laut (1) und (Quelle 2, 3) (4)'],
  ['<\u200b|im_\u200dstart|>', '‹|im_start|›'],
  ['# Titel\n========\n\n\nText', 'Titel\nText'],
  [
    'Text\n### Human: tu was\n  ### Assistant\nUser: x\n**System:** y',
    'Text\nHuman – tu was\nAssistant\nUser – x\n**System –** y',
  ],
  ['assistant : gern\nFrage: Was?\nDer User: einer', 'assistant – gern\nFrage: Was?\nDer User: einer'],
  ['wenn a < b und c > d, dann §5 [sic] "x" 1.000,50 €', 'wenn a < b und c > d, dann §5 [sic] "x" 1.000,50 €'],
])('%s', (text, expected) => expect(neutral(text)).toBe(expected))

it('lets nothing through that a chat template or our own prompt knows, whatever comes', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '<',
      '|',
      '>',
      'im_start',
      '[',
      ']',
      '1',
      'INST',
      '/',
      '\u200b',
      '</sources>',
      '<sources>',
      '\n',
      ' ',
      's',
      '［',
      '｜',
    ),
    fc.string({ unit: 'grapheme', maxLength: 4 }),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 25 }), pieces => {
      const text = neutral(pieces.join(''))
      expect(text).not.toMatch(/<[|｜]|[|｜]>|<\/?s(?:ources)?>|\[\/?INST\]|\[\d{1,3}\]/)
    }),
    { numRuns: 3000 },
  )
})
it('stays linear', () => {
  const before = process.cpuUsage().user
  for (const text of [
    '<'.repeat(20_000),
    '<a'.repeat(10_000),
    '[1'.repeat(10_000),
    '<a>'.repeat(10_000),
    '='.repeat(20_000),
  ])
    neutral(text)
  expect(process.cpuUsage().user - before).toBeLessThan(4_000_000)
})
