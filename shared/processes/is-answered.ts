import { connect } from 'node:net'

/** Whether somebody listens at a socket of this machine: its file stays where its server was killed. */
export function isAnswered(file: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(file)
    const end = (answered: boolean) => {
      socket.destroy()
      resolve(answered)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
  })
}
