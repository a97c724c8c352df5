/** A folder or stick with models: what lies in it, and which checksums its manifest states. */
export interface Pack {
  models: { file: File; sha256: string | null }[]
  /** Named by the manifest, and not there. */
  missing: string[]
}

/** Bytes; a thousand models have some 400 kB. */
const longestManifest = 4 * 1024 * 1024

/** Without a manifest, all that are called as models are. */
export async function readPack(files: readonly File[]): Promise<Pack> {
  const models = files.filter(({ name }) => /\.gguf$/i.test(name) && !name.startsWith('.'))
  const manifest = files.find(({ name, size }) => name === 'manifest.json' && size <= longestManifest)
  const stated = manifest ? statedIn(await manifest.text()) : null
  if (!stated) return { models: models.map(file => ({ file, sha256: null })), missing: [] }
  const found = stated.flatMap(({ name, sha256 }) => {
    const file = models.find(one => one.name === name)
    return file ? [{ file, sha256 }] : []
  })
  const missing = stated.filter(({ name }) => !models.some(file => file.name === name)).map(({ name }) => name)
  return { models: found, missing }
}

/** Null where it is no manifest of a pack. Nothing in it is believed but names and checksums. */
function statedIn(text: string): { name: string; sha256: string }[] | null {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return null
    const { kind, models } = value as { kind?: unknown; models?: unknown }
    if (kind !== 'cloister-model-pack' || !Array.isArray(models)) return null
    return (models as { name?: unknown; sha256?: unknown }[]).flatMap(({ name, sha256 }) =>
      typeof name === 'string' && typeof sha256 === 'string' ? [{ name, sha256: sha256.toLowerCase() }] : [],
    )
  } catch {
    return null
  }
}
