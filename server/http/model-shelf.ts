import type { ApiModel } from '../../shared/api/index.ts'

/** The models of this installation as the server shows and changes them. */
export interface ModelShelf {
  list(): Promise<ApiModel[]>
  /** Takes the file in while it comes. Throws `model-exists`, `model-invalid`, `model-unsupported`, `disk-full`, `cancelled`. */
  add(name: string, bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<ApiModel>
  /** Throws `model-not-found`. */
  verify(
    name: string,
    signal: AbortSignal,
  ): Promise<{ name: string; sha256: string; state: 'sound' | 'pinned' | 'changed' }>
  /** Throws `model-not-found`. */
  remove(name: string): Promise<void>
}
