import { open } from 'node:fs/promises'
import { decodeFile, encodingOf, isKnown } from '../text/decode.ts'

// Browsers look into the first kilobyte; pages that begin with a long script say it later.
const HEAD = 64 * 1024

/**
 * The text of an HTML file. A mark at its start decides, then its bytes where they are UTF-8 or UTF-16, then what it says of
 * itself, then what its bytes look like: what pages say is wrong more often than that bytes are UTF-8 by chance. `flawed` is
 * called where something stands in it that no text holds.
 */
export async function* decodeHtml(file: string, flawed = () => {}): AsyncGenerator<string> {
  yield* decodeFile(file, await encodingOf(file, await declared(file)), flawed)
}

async function declared(file: string): Promise<string | undefined> {
  const handle = await open(file, 'r')
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(HEAD), 0, HEAD, 0)
    return declaredIn(buffer.toString('latin1', 0, bytesRead))
  } finally {
    await handle.close()
  }
}

/** The encoding an HTML or XML text names, if it is one we know. */
export function declaredIn(head: string): string | undefined {
  const clean = head.replace(/<!--[\s\S]*?(?:-->|$)/g, '')
  const name =
    /<\?xml[^>]{0,200}\bencoding\s*=\s*["']?([\w.:-]+)/i.exec(clean)?.[1] ??
    /<meta\b[^>]{0,1000}?\bcharset\s*=\s*["']?\s*([\w.:-]+)/i.exec(clean)?.[1]
  return name !== undefined && isKnown(name) ? name.toLowerCase() : undefined
}
