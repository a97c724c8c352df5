import iconv from 'iconv-lite'
import { type Candidate, createSample } from '../text/encoding.ts'

/**
 * The code page that German Windows has always written (850, whose letters are those of 437 and more of them), the one that the
 * format asks for, and Windows-1252, which some programs write against its rules.
 */
const CANDIDATES: readonly Candidate[] = [
  { name: 'cp850', prior: 0 },
  { name: 'windows-1252', prior: -0.3 },
  { name: 'cp437', prior: -0.4 },
]

/** A name that its archive does not call UTF-8. What is UTF-8 all the same is taken as such. */
export function decodeName(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    const sample = createSample(CANDIDATES)
    sample.add(bytes)
    return iconv.decode(Buffer.from(bytes), sample.encoding())
  }
}
