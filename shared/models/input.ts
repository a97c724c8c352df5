import { AppError } from '../errors.ts'

/** No language and no tokenizer in use makes tokens as long as this on average; blanks alone do. */
const lettersOfToken = 32
/** Longer texts are counted in parts: some tokenizers take a regular expression's whole stack for one. */
const longest = 32_768

/** What is far too long for a model is not even cut into tokens: that would take the process seconds, or its life. */
export function refuseLong(letters: number, limit: number): void {
  if (letters > limit * lettersOfToken)
    throw new AppError('model-input', { tokens: Math.ceil(letters / lettersOfToken), limit })
}

/** In parts that are counted apart; a token may be torn at each seam. */
export function inParts(text: string): string[] {
  const count = Math.ceil(text.length / longest)
  return Array.from({ length: count }, (_, index) => text.slice(index * longest, (index + 1) * longest))
}
