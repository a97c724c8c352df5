import { AppError } from '../shared/errors.ts'

/** One line from the terminal, which shows nothing of it. */
export function askUnseen(prompt: string, signal: AbortSignal): Promise<string> {
  const { stdin, stderr } = process
  return new Promise((resolve, reject) => {
    let typed = ''
    stderr.write(prompt)
    stdin.setRawMode(true)
    stdin.setEncoding('utf8')
    stdin.on('data', read)
    signal.addEventListener('abort', stop, { once: true })
    stdin.resume()

    function close(): void {
      stdin.off('data', read)
      signal.removeEventListener('abort', stop)
      stdin.setRawMode(false)
      stdin.pause()
      stderr.write('\n')
    }
    function stop(): void {
      close()
      reject(new AppError('cancelled'))
    }
    function read(text: string): void {
      for (const character of text) {
        if (character === '\r' || character === '\n' || character === '\x04') {
          close()
          resolve(typed)
          return
        }
        // In raw mode the terminal sends no signal for Ctrl-C.
        if (character === '\x03') {
          stop()
          return
        }
        if (character === '\x7f' || character === '\b') typed = [...typed].slice(0, -1).join('')
        else if (character === '\x15') typed = ''
        else if (character >= ' ') typed += character
      }
    }
  })
}
