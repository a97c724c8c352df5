/** PGlite, Postgres inside this process, behind the socket that `pg` would open: for machines where no server is at hand. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { PGlite } from '@electric-sql/pglite'
import { vector } from '@electric-sql/pglite-pgvector'

/** The first byte of the message with which a client takes its leave; PGlite would end with it. */
const terminate = 0x58

/** A fresh PGlite takes 6 s of the processor to start, one from the files of another 0.8 s: these are kept here, 40 MB. */
const cache = fileURLToPath(new URL('../node_modules/.cache', import.meta.url))

export async function startPglite(): Promise<PGlite> {
  const extensions = { vector }
  const about = await readFile(new URL('../package.json', import.meta.resolve('@electric-sql/pglite')), 'utf8')
  const { version } = JSON.parse(about) as { version: string }
  const kept = path.join(cache, `pglite-${version}.tar`)
  const files = await readFile(kept).catch(() => undefined)
  if (files) return PGlite.create({ extensions, loadDataDir: new Blob([files]) })
  const engine = await PGlite.create({ extensions })
  const partial = `${kept}.${process.pid}`
  await mkdir(cache, { recursive: true })
  await writeFile(partial, Buffer.from(await (await engine.dumpDataDir('none')).arrayBuffer()))
  await rename(partial, kept)
  return engine
}

/** Runs SQL without looking at what it gives; errors end it. */
export async function tell(engine: PGlite, sql: string): Promise<void> {
  const text = Buffer.from(`${sql}\0`)
  const head = Buffer.from('Q\0\0\0\0')
  head.writeInt32BE(text.length + 4, 1)
  await exchange(engine, Buffer.concat([head, text]))
}

const last = new WeakMap<PGlite, Promise<unknown>>()

/** One after the other: answers of two at a time come mixed, which the mutex of PGlite does not prevent. */
function exchange(engine: PGlite, message: Buffer): Promise<Uint8Array> {
  const answer = (last.get(engine) ?? Promise.resolve()).then(() =>
    engine.execProtocolRaw(message, { syncToFs: false }),
  )
  last.set(
    engine,
    answer.catch(() => {}),
  )
  return answer
}

/** What `pg` takes for a socket. PGlite is one session: one such stream at a time. */
export class PgliteStream extends Duplex {
  readonly #engine: PGlite

  constructor(engine: PGlite) {
    super()
    this.#engine = engine
  }

  connect(): this {
    process.nextTick(() => this.emit('connect'))
    return this
  }

  setNoDelay(): this {
    return this
  }

  setKeepAlive(): this {
    return this
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    void this.#send(chunk).then(() => done(), done)
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    void this.#send(Buffer.concat(chunks.map(({ chunk }) => chunk))).then(() => done(), done)
  }

  async #send(message: Buffer): Promise<void> {
    if (message[0] === terminate) {
      this.push(null)
      return
    }
    const answer = await exchange(this.#engine, message)
    if (!this.destroyed) this.push(Buffer.from(answer))
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    // A session that goes leaves nothing behind: no transaction, no lock, no setting.
    const end = async () => {
      await tell(this.#engine, 'rollback')
      await tell(this.#engine, 'discard all')
    }
    end().then(
      () => done(error),
      () => done(error),
    )
  }
}
