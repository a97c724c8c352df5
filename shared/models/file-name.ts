const ending = '.gguf'
/** Bytes of a name in most file systems; `.sha256` stands beside each model. */
const longestName = 255 - '.sha256'.length

/** Whether a file of this name is taken for a model; its content is looked at by whoever reads it. */
export function isModelFile(name: string): boolean {
  return name.toLowerCase().endsWith(ending)
}

/** Whether it is short enough for what is written beside it. */
export function fitsBeside(name: string): boolean {
  return Buffer.byteLength(name) <= longestName
}

/**
 * Whether a name that a stranger gave (an address, a stick) is one file of the models' folder on every system: no path, nothing
 * hidden, no device or second stream of Windows, nothing that a terminal would obey.
 */
export function isPlainModelName(name: string): boolean {
  return (
    isModelFile(name) &&
    fitsBeside(name) &&
    !/^\.|[\\/:*?"<>|\p{Cc}\p{Cs}\p{Bidi_Control}\u2028\u2029]/u.test(name) &&
    !/^(?:con|prn|aux|nul|com\d|lpt\d)\./i.test(name)
  )
}

export function withModelEnding(name: string): string {
  return isModelFile(name) ? name : name + ending
}

export function withoutModelEnding(name: string): string {
  return isModelFile(name) ? name.slice(0, -ending.length) : name
}
