const ending = '.gguf'

/** Whether a file of this name is taken for a model; its content is looked at by whoever reads it. */
export function isModelFile(name: string): boolean {
  return name.toLowerCase().endsWith(ending)
}

export function withModelEnding(name: string): string {
  return isModelFile(name) ? name : name + ending
}

export function withoutModelEnding(name: string): string {
  return isModelFile(name) ? name.slice(0, -ending.length) : name
}
