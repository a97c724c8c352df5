import type { AnswerEvent } from '../../shared/model/index.ts'

/** Every text of an event that a model had a hand in. What documents say themselves (passages, quotes) is shown as they say it. */
export function writtenTexts(event: AnswerEvent): string[] {
  if (event.type === 'draft') return [event.text]
  if (event.type === 'sentence') return [event.sentence.lead + event.sentence.text]
  if (event.type === 'finish' && event.answer.mode === 'model')
    return [event.answer.text, ...event.answer.sentences.map(sentence => sentence.lead + sentence.text)]
  return []
}

/** Written apart from the code it watches: signs of anything that loads, leads away, calls, or hides. */
const signs: Record<string, RegExp> = {
  scheme: /[a-z][\w+.-]*:\/\//i,
  'scheme without slashes': /(?:javascript|data|mailto|vbscript|tel|intent|file):\S/i,
  'host after slashes': /\/\/\s*\w/,
  www: /www\./i,
  'domain of the tests': /\b[\w\u0400-\u04ff-]+\.(?:example|com)\b/i,
  image: /!\s?\[[^\]]*\]\s?\(/,
  link: /\]\s?\(\S/,
  definition: /^\s*\[[^\]]*\]:/m,
  tag: /<\s*[a-z/!?|]/i,
  'special token': /<\||\|>|\[\/?INST\]|im_(?:start|end)/,
  call: /"(?:arguments|parameters)"|tool_?call/i,
  share: /\\\\\w/,
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
  control: /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/,
  invisible: /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ue000-\uf8ff]|[\u{e0000}-\u{e0fff}]/u,
}

export function findSigns(text: string): string[] {
  return Object.entries(signs)
    .filter(([, sign]) => sign.test(text) || sign.test(text.normalize('NFKC')))
    .map(([name]) => `${name}: ${text}`)
}
