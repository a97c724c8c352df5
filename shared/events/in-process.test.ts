import { eventsContract } from './contract.ts'
import { createEvents } from './in-process.ts'

eventsContract('in one process', {
  async open() {
    const events = createEvents()
    return { here: events, there: events, close: async () => {} }
  },
})
