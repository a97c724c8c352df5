/** Gives a forked process the port that Electron gives its utility processes, and takes what a fork has. */
const hearers: ((event: { data: unknown }) => void)[] = []
const { send } = process
const emit = process.emit.bind(process) as (name: string, ...rest: unknown[]) => boolean

// What such a process forks itself gets its options, but is no utility process.
const isOurs = process.argv[1]?.includes('utility-entry') === true
if (isOurs)
  Object.assign(process, {
    send: undefined,
    emit(name: string, ...rest: unknown[]) {
      const [message] = rest
      if (name !== 'message' || typeof message !== 'object' || message === null || !('port' in message))
        return emit(name, ...rest)
      for (const hear of hearers) hear({ data: message.port })
      return true
    },
    parentPort: {
      postMessage: (message: unknown) => void (send as (message: unknown) => boolean).call(process, { port: message }),
      on: (_name: string, hear: (typeof hearers)[number]) => void hearers.push(hear),
    },
  })
