export interface Waiting {
  type: 'waiting'
  place: number
}

/** The places in a queue that somebody hears of while waiting, and whoever is to be told of them. */
export interface Places {
  /** Hears a place; 0: it is this one's turn. */
  hear(place: number): void
  /** Waits, and tells of each place heard before and meanwhile. */
  tell<T>(waited: Promise<T>): AsyncGenerator<Waiting, T>
  /** Resolves as soon as others come before. */
  taken(): Promise<void>
}

export function createPlaces(): Places {
  const heard: number[] = []
  let told = () => {}
  const news = () =>
    new Promise<void>(resolve => {
      told = resolve
    })
  return {
    hear(place) {
      heard.push(place)
      told()
    },
    async *tell(waited) {
      const ended = waited.then(value => ({ value }))
      // Nobody may be left to hear of it.
      ended.catch(() => {})
      for (;;) {
        const more = news()
        for (const place of heard.splice(0)) yield { type: 'waiting' as const, place }
        const result = await Promise.race([ended, heard.length > 0 ? undefined : more])
        if (!result) continue
        for (const place of heard.splice(0)) yield { type: 'waiting' as const, place }
        return result.value
      }
    },
    async taken() {
      while (!heard.some(place => place > 0)) await news()
    },
  }
}
