import { createRequire } from 'node:module'
import { toAppError } from '../../shared/errors.ts'
import type { ErrorCode } from '../../shared/model/index.ts'
import type { Context } from '../context.ts'
import { withLibrary } from '../library.ts'
import type { McpCore } from '../mcp/library.ts'

/** Milliseconds after which a library that nobody uses is closed again: a server that starts waits longer than that for it. */
const restTime = 3000
const gone: ReadonlySet<ErrorCode> = new Set(['server-unreachable', 'server-silent', 'server-stopping', 'server-lost'])

/**
 * Speaks the Model Context Protocol over standard input and output, until the input ends. Nothing else goes to standard output.
 * The library is open only while it is used: a server that starts meanwhile must not wait for a program that has us run all day.
 */
export async function mcp(context: Context): Promise<void> {
  const [{ serveStdio }, { createMcpServer }] = await Promise.all([
    import('@modelcontextprotocol/server/stdio'),
    import('../mcp/server.ts'),
  ])
  const { version } = createRequire(import.meta.url)('../../package.json') as { version: string }
  const lender = createLender(context)
  const { project: only } = context.options
  const library = { with: lender.with, ...(only !== undefined && { only }) }
  const log = context.log()
  const stdio = serveStdio(() => createMcpServer(library, version), {
    onerror: error => log.debug('mcp', { error }),
  })
  try {
    await ended(context.signal)
  } finally {
    await stdio.close()
    await lender.close()
  }
}

/** When nobody asks any more, or the command is stopped. */
function ended(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const end = () => resolve()
    for (const event of ['end', 'close', 'error']) process.stdin.once(event, end)
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
}

interface Loan {
  core: Promise<McpCore>
  /** Lets go of it; resolves when it is closed. */
  end(): Promise<void>
}

function createLender(context: Context) {
  let loan: Loan | undefined
  let users = 0
  let resting: ReturnType<typeof setTimeout> | undefined
  let closing: Promise<void> = Promise.resolve()

  function lend(): Loan {
    let release = () => {}
    const released = new Promise<void>(resolve => {
      release = resolve
    })
    let opened: (core: McpCore) => void = () => {}
    let failed: (error: unknown) => void = () => {}
    const core = new Promise<McpCore>((resolve, reject) => {
      opened = resolve
      failed = reject
    })
    const own = { ...context, options: dataOf(context) }
    const before = closing
    const running = before.then(() =>
      withLibrary(own, {}, async ({ core, userId }) => {
        opened({ ...core, userId })
        await released
      }),
    )
    running.catch(failed)
    return {
      core,
      end() {
        release()
        return running.catch(() => {})
      },
    }
  }

  function letGo(): Promise<void> {
    clearTimeout(resting)
    const { end } = loan ?? {}
    loan = undefined
    if (end) closing = end()
    return closing
  }

  /** With the library as it is open, or opens now. */
  async function once<T>(run: (core: McpCore) => Promise<T>): Promise<T> {
    loan ??= lend()
    const mine = loan
    try {
      return await run(await mine.core)
    } catch (error) {
      // Where nothing was opened, the next one tries anew.
      const closed = gone.has(toAppError(error).code) || !(await isOpen(mine))
      if (closed && loan === mine) void letGo()
      throw error
    }
  }

  return {
    /** Everything here only reads, so it may be done twice: where a server has ended, the library opens without it. */
    async with<T>(run: (core: McpCore) => Promise<T>): Promise<T> {
      clearTimeout(resting)
      users += 1
      try {
        return await once(run).catch(error => {
          if (gone.has(toAppError(error).code)) return once(run)
          throw error
        })
      } finally {
        users -= 1
        if (users === 0 && loan) {
          resting = setTimeout(() => void letGo(), restTime)
          resting.unref()
        }
      }
    },
    close: letGo,
  }
}

const isOpen = ({ core }: Loan) =>
  core.then(
    () => true,
    () => false,
  )

/** The project is chosen call by call. */
const dataOf = ({ options: { data } }: Context) => (data === undefined ? {} : { data })
